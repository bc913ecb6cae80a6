"""The gateway as an app: its pages, its API, its files, and what an error looks like."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import FastAPI

from libs.runtime.http.app import create_app
from libs.runtime.scheduling.clock import Clock
from services.gateway import assets, errors
from services.gateway.api import http as api
from services.gateway.assets import Assets
from services.gateway.clients import Services
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
from services.gateway.rendering import Rendering
from services.gateway.security import Policy, SecurityHeaders
from services.gateway.session import Cookies
from services.gateway.settings import Settings
from services.gateway.visit import Edge


def create_gateway(edge: Edge) -> FastAPI:
    """The app; `/{space}` and what lies below it comes last, since it fits everything."""
    settings = edge.settings
    app = create_app(
        "gateway",
        person_token_secret=settings.person_token_secret,
        routers=[
            assets.router(edge.assets),
            api.router(),
            landing.router,
            sign_in.router,
            account.router,
            member.router,
            notices.router,
            forwarding.router,
            creator.router,
        ],
        refusals={},
        ready=_ready,
    )
    app.include_router(purchase.router)
    app.include_router(space.router)
    app.state.edge = edge
    app.router.lifespan_context = _closing(edge.services)
    errors.install(app)
    app.add_middleware(PlainPaths)
    app.add_middleware(SecurityHeaders, settings=settings)
    return app


def build_edge(settings: Settings, services: Services, clock: Clock) -> Edge:
    """What the pages work with."""
    files = Assets()
    return Edge(
        settings=settings,
        services=services,
        clock=clock,
        cookies=Cookies(settings.is_https),
        assets=files,
        rendering=Rendering(files),
        policy=Policy(settings),
        sign_in_limit=RateLimit(settings.sign_in_posts_per_minute),
        purchase_limit=RateLimit(settings.purchase_posts_per_minute),
        network_limit=RateLimit(settings.purchase_posts_per_minute_and_network),
        pass_ids=PassIds(),
    )


async def _ready() -> Mapping[str, Any]:
    """It holds no state: alive is ready. Each request waits for the services that it needs."""
    return {"status": "ready", "service": "gateway"}


def _closing(services: Services) -> Any:
    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await services.close()

    return lifespan
