"""The admin as an app: its pages, files and errors."""

from pathlib import Path
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from libs.permissions import may
from libs.runtime.http.problems import Problem
from libs.web.app import create_edge_app
from libs.web.assets import Assets
from libs.web.clients import Services
from libs.web.errors import page_of
from libs.web.rendering import Rendering
from libs.web.security import SecurityHeaders
from libs.web.texts import Translations
from services.admin.pages import ROUTERS
from services.admin.security import policy_of
from services.admin.settings import Settings
from services.admin.visit import Edge, visit_of

_HERE: Final = Path(__file__).parent
_UNAUTHORIZED: Final = 401


def create_admin(settings: Settings, services: Services) -> FastAPI:
    """The app that serves `/admin` and everything below it."""
    assets = Assets("/admin/static", [_HERE / "static"])
    edge = Edge(
        services=services,
        assets=assets,
        translations=Translations(_HERE / "locale"),
        rendering=Rendering(_HERE / "templates", assets, {"may": may}),
        policy=policy_of(settings.livekit_url, is_https=settings.is_https),
        csrf_secret=settings.csrf_secret,
    )
    app = create_edge_app(
        "admin",
        person_token_secret=settings.person_token_secret,
        routers=[assets.router(), *ROUTERS],
        services=services,
        answer=_answer,
    )
    app.state.edge = edge
    app.add_middleware(SecurityHeaders, policy=edge.policy)
    return app


def _answer(request: Request, problem: Problem) -> Response:
    if problem.status == _UNAUTHORIZED:
        # A link can't send a form again, so after a form it leads to the first page.
        path = request.url.path if request.method == "GET" else "/admin"
        return RedirectResponse(f"/sign-in?next={quote(path, safe='/')}", 303)
    visit = visit_of(request, None)
    return page_of(visit, visit.show, problem)
