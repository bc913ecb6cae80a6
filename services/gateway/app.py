"""The gateway as an app: its pages, API, files and errors."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI, Request, Response

from libs.permissions import may
from libs.runtime.scheduling.clock import Clock
from libs.web.app import create_edge_app
from libs.web.assets import Assets
from libs.web.clients import Services
from libs.web.rendering import Rendering
from libs.web.security import SecurityHeaders
from libs.web.texts import Translations
from services.gateway import errors
from services.gateway.api import http as api
from services.gateway.browsers import browser_name
from services.gateway.limits import RateLimit
from services.gateway.pages import (
    account,
    creator,
    forwarding,
    landing,
    member,
    notices,
    purchase,
    sign_in,
    space,
)
from services.gateway.pass_ids import PassIds
from services.gateway.paths import PlainPaths
from services.gateway.security import policy_of
from services.gateway.session import Cookies
from services.gateway.settings import Settings
from services.gateway.visit import Edge, edge_of

_HERE: Final = Path(__file__).parent
_ISLANDS: Final = _HERE.parent.parent / "web" / "dist"


def create_gateway(edge: Edge) -> FastAPI:
    """Return the app; `/{space}` comes last, because it matches every path."""
    app = create_edge_app(
        "gateway",
        person_token_secret=edge.settings.person_token_secret,
        routers=[
            edge.assets.router(),
            _icon,
            api.router(),
            landing.router,
            sign_in.router,
            account.router,
            member.router,
            notices.router,
            forwarding.router,
            creator.router,
        ],
        services=edge.services,
        answer=errors.answer,
    )
    app.include_router(purchase.router)
    app.include_router(space.router)
    app.state.edge = edge
    app.add_middleware(PlainPaths)
    app.add_middleware(SecurityHeaders, policy=edge.policy)
    return app


def build_edge(settings: Settings, services: Services, clock: Clock) -> Edge:
    """Return what the pages use."""
    assets = Assets("/static", [_HERE / "static"], islands=_ISLANDS)
    functions = {"browser_name": browser_name, "may": may}
    return Edge(
        settings=settings,
        services=services,
        clock=clock,
        cookies=Cookies(settings.is_https),
        assets=assets,
        translations=Translations(_HERE / "locale"),
        rendering=Rendering(_HERE / "templates", assets, functions),
        policy=policy_of(settings),
        sign_in_limit=RateLimit(settings.sign_in_posts_per_minute),
        purchase_limit=RateLimit(settings.purchase_posts_per_minute),
        network_limit=RateLimit(settings.purchase_posts_per_minute_and_network),
        pass_ids=PassIds(),
    )


_icon = APIRouter(include_in_schema=False)


@_icon.get("/favicon.ico")
async def _favicon(request: Request) -> Response:
    """Return our mark to browsers that ask for the conventional name."""
    return edge_of(request).assets.answer("mark.svg", request)
