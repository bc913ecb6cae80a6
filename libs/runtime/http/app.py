"""The HTTP edge of a service: authentication, command ids, body limits."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from hashlib import sha256
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote
from uuid import UUID, uuid4, uuid5

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.runtime.http import person_token, problems
from libs.runtime.http.intake import Intake
from libs.runtime.http.person_token import SignedPerson
from libs.runtime.http.problems import BODY_TOO_LARGE, Problem, Refusal
from libs.runtime.store.cause import Cause
from libs.runtime.telemetry import current_traceparent

MAX_BODY_BYTES: Final = 1024 * 1024
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_COMMANDS: Final = UUID("5b0c6a52-6a3c-5f06-9d3e-2f6a4a8f0c11")

__all__ = ["CommandCause", "MaybePerson", "Person", "SignedPerson", "create_app"]


def _maybe_person(request: Request) -> SignedPerson | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    try:
        return person_token.read(request.app.state.person_token_secret, token)
    except person_token.BadPersonToken:
        raise Problem(401, "bad_token", "The token is not valid") from None


MaybePerson = Annotated[SignedPerson | None, Depends(_maybe_person)]


def _person(person: MaybePerson) -> SignedPerson:
    if person is None:
        raise Problem(401, "sign_in_required", "Sign in first")
    return person


Person = Annotated[SignedPerson, Depends(_person)]


async def _command_cause(
    request: Request,
    person: MaybePerson,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> Cause:
    """Return the command's id: unique per sender, route, key and request."""
    actor = "anonymous" if person is None else str(person.id)
    if not idempotency_key:
        return Cause(uuid4(), actor, current_traceparent())
    # Only the path may contain a line break, and it comes last.
    name = "\n".join([actor, request.method, idempotency_key, request.scope["path"]])
    digest = sha256(request.scope["query_string"] + b"\n" + await _body_of(request)).hexdigest()
    return Cause(uuid5(_COMMANDS, name), actor, current_traceparent(), digest)


async def _body_of(request: Request) -> bytes:
    """Return the body, or the fields of a form that its route may have read before."""
    if request.headers.get("content-type", "").startswith(_FORMS):
        return repr((await request.form()).multi_items()).encode()
    return await request.body()


CommandCause = Annotated[Cause, Depends(_command_cause)]


def create_app(
    service: str,
    *,
    person_token_secret: str,
    routers: Sequence[APIRouter],
    refusals: Mapping[type[Exception], Refusal],
    ready: Callable[[], Awaitable[Mapping[str, Any]]],
) -> FastAPI:
    """Create the app of a service with its routes, problems and health checks.

    `ready` reports what the service depends on. A value "down" or an alarm means not ready (503).
    `degraded` is shown in `/health` and keeps the service ready, because it still completes what
    has begun.
    """
    app = FastAPI(title=f"Backstage Pass: {service}", docs_url=None, redoc_url=None)
    app.state.person_token_secret = person_token_secret
    app.state.intake = Intake()
    for router in routers:
        app.include_router(router)
    app.include_router(_health(ready))
    problems.install(app, refusals)
    app.add_middleware(BodyLimit)
    app.add_middleware(Tracing)
    return app


def _health(ready: Callable[[], Awaitable[Mapping[str, Any]]]) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/health/ready")
    async def is_ready() -> Mapping[str, Any]:
        state = await ready()
        if state.get("status") != "ready":
            raise Problem(503, "not_ready", "The service is not ready", detail=str(dict(state)))
        return state

    @router.get("/health")
    async def is_well() -> Mapping[str, Any]:
        state = await is_ready()
        return {**state, "status": "degraded"} if state.get("degraded") else state

    return router


_NOISE: Final[list[Literal["receive", "send"]]] = ["receive", "send"]
_CAME: Final = "backstage.headers"
_ASCII: Final = bytes(range(128))


class Tracing:
    """Opens a span for each request.

    OpenTelemetry fails on some headers that are not ASCII, so only the app sees those. A query is
    encoded as RFC 3986 asks.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._traced = OpenTelemetryMiddleware(
            self._as_it_came, excluded_urls="health", exclude_spans=_NOISE
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[_CAME] = scope["headers"]
            scope["headers"] = [
                (name, value) for name, value in scope["headers"] if value.isascii()
            ]
            scope["query_string"] = quote(scope["query_string"], safe=_ASCII).encode()
        await self._traced(scope, receive, send)

    async def _as_it_came(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _CAME in scope:
            scope["headers"] = scope[_CAME]
        await self._app(scope, receive, send)


class BodyLimit:
    """Refuses bodies over 1 MiB with a problem before anything reads them."""

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count the bytes of its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self._max_bytes:
            await BODY_TOO_LARGE.response()(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                # An HTTPException, because FastAPI turns any other exception into "can't parse the
                # body".
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)
