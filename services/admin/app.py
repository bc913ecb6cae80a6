"""The admin as an app: its pages, its static files, and what an error looks like."""

import contextlib
import logging
from collections.abc import AsyncIterator
from http import HTTPStatus
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from starlette.exceptions import HTTPException

from libs.runtime.http.app import BodyLimit
from libs.runtime.http.problems import Problem
from services.admin.clients import ServiceRefused, Services, ServiceUnreachable
from services.admin.pages import ROUTERS
from services.admin.rendering import STATIC, page, static_address
from services.admin.visit import ForgedForm, SignInFirst

logger = logging.getLogger(__name__)

_files = APIRouter(include_in_schema=False)
_KINDS = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".js": "text/javascript"}


def create_admin(
    services: Services, *, person_token_secret: str, csrf_secret: str, livekit_url: str
) -> FastAPI:
    """The app that serves `/admin` and everything below it."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await services.close()

    app = FastAPI(
        title="Backstage Pass: admin",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
    )
    app.state.services = services
    app.state.person_token_secret = person_token_secret
    app.state.csrf_secret = csrf_secret
    app.state.livekit_url = livekit_url
    for router in (_files, *ROUTERS):
        app.include_router(router)
    _install_errors(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(
        OpenTelemetryMiddleware, excluded_urls="health,static", exclude_spans=["receive", "send"]
    )
    return app


@_files.get("/health")
@_files.get("/health/live")
@_files.get("/health/ready")
async def is_ready() -> dict[str, str]:
    """It holds no state: alive is ready. A service that is down shows as a sentence."""
    return {"status": "ready", "service": "admin"}


@_files.get("/admin/static/{digest}/{name}")
async def static_file(digest: str, name: str) -> Response:
    """A static file under the address that belongs to its content."""
    known = {each.name for each in STATIC.iterdir() if each.is_file()}
    if name not in known or static_address(name) != f"/admin/static/{digest}/{name}":
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return FileResponse(
        STATIC / name,
        media_type=_KINDS[(STATIC / name).suffix],
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


def _install_errors(app: FastAPI) -> None:
    @app.exception_handler(SignInFirst)
    async def _sign_in(request: Request, _: Exception) -> Response:
        return _to_sign_in(request)

    @app.exception_handler(Problem)
    async def _problem(request: Request, problem: Problem) -> Response:
        unknown = problem.status == HTTPStatus.UNAUTHORIZED
        return _to_sign_in(request) if unknown else _error_page(problem.status)

    @app.exception_handler(ServiceRefused)
    async def _refused(request: Request, refused: ServiceRefused) -> Response:
        unknown = refused.status == HTTPStatus.UNAUTHORIZED
        return _to_sign_in(request) if unknown else _error_page(refused.status)

    @app.exception_handler(ServiceUnreachable)
    async def _unreachable(_: Request, fault: ServiceUnreachable) -> Response:
        logger.error("no answer: %s", fault)
        return _error_page(503)

    @app.exception_handler(ForgedForm)
    async def _forged(_: Request, __: Exception) -> Response:
        return _error_page(403, "forged")

    @app.exception_handler(HTTPException)
    async def _http(_: Request, refused: HTTPException) -> Response:
        return _error_page(refused.status_code)

    @app.exception_handler(Exception)
    async def _fault(request: Request, fault: Exception) -> Response:
        logger.error("%s %s failed", request.method, request.url.path, exc_info=fault)
        return _error_page(500)


def _to_sign_in(request: Request) -> Response:
    # After a form comes the page that showed it: what was typed can't be sent again by a link.
    path = request.url.path if request.method == "GET" else "/admin"
    return RedirectResponse(f"/sign-in?next={quote(path, safe='/')}", 303)


def _error_page(status: int, kind: str | None = None) -> Response:
    known = {403, 404, 413, 422, 503}
    name = kind or str(status if status in known else 500)
    given = {"kind": name, "done": None, "problem": None, "person": None, "path": ""}
    answer = page("error.html", given, csrf_token="", status=status)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = "2"
    return answer
