"""The routes of the API: sign-in, buying, chat and streaming; all others are passed on."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal

import httpx
from fastapi import APIRouter, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from libs.runtime.http.bodies import RequestBody
from libs.runtime.http.problems import Problem
from services.gateway.api.routes import ROUTES, Route
from services.gateway.visit import ApiVisit, Visit

_METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_PASSED_ON: Final = frozenset({"content-type", "etag", "location", "retry-after"})

_FORBIDDEN: Final = 403

IdempotencyKey = Annotated[str, Header(max_length=255)]


class Address(RequestBody):
    """Where to mail a code to."""

    email: Annotated[str, Field(min_length=1, max_length=320)]


class TypedCode(Address):
    """The code from the mail."""

    code: Annotated[str, Field(max_length=32)]


class Purchase(RequestBody):
    """What to buy."""

    pass_id: str


class StreamRole(RequestBody):
    """The role in which to enter a stream."""

    role: Literal["viewer", "host"] = "viewer"


def router() -> APIRouter:
    """Return all routes, under `/api`."""
    routes = APIRouter(prefix="/api")
    _add_sign_in(routes)
    _add_buying(routes)
    _add_chat(routes)
    _add_streaming(routes)
    for route in ROUTES:
        routes.add_api_route(
            route.path,
            _passes_on(route),
            methods=[route.method],
            summary=route.summary,
            tags=[route.service],
            operation_id=f"{route.method} {route.path}",
        )
    _add_description(routes)
    return routes


def _add_description(routes: APIRouter) -> None:
    @routes.get("/openapi.json", include_in_schema=False)
    async def describe(request: Request) -> dict[str, Any]:
        app: FastAPI = request.app
        return app.openapi()

    @routes.api_route("/{rest:path}", methods=_METHODS, include_in_schema=False)
    async def unknown(rest: str) -> Response:
        raise Problem(404, "not_found", f"There is no /api/{rest}")


def _passes_on(route: Route) -> Callable[..., Awaitable[Response]]:
    async def pass_on(
        request: Request, visit: ApiVisit, idempotency_key: IdempotencyKey = ""
    ) -> Response:
        path = route.target.format(**request.path_params)
        return await _passed_on(visit, route.service, route.method, path, idempotency_key)

    return pass_on


async def _passed_on(
    visit: Visit, service: str, method: str, path: str, key: str, body: Any = None
) -> Response:
    """Return the service's answer unchanged, problems included."""
    content = await visit.request.body() if body is None else None
    headers = {"Idempotency-Key": key or visit.new_key()}
    if content:
        headers["Content-Type"] = visit.request.headers.get("content-type", "application/json")
    answer = await visit.ask.sent(
        service,
        method,
        path,
        params=visit.request.query_params.multi_items(),
        headers=headers,
        content=content,
        json=body,
    )
    return _as_is(visit, answer)


def _as_is(visit: Visit, answer: httpx.Response) -> Response:
    kept = {name: value for name, value in answer.headers.items() if name in _PASSED_ON}
    kept["Cache-Control"] = "no-store"
    return visit.with_cookies(Response(answer.content, answer.status_code, headers=kept))


def _add_sign_in(routes: APIRouter) -> None:
    @routes.post("/sign-in-codes", status_code=202, tags=["identity"])
    async def send_code(
        asked: Address, visit: ApiVisit, idempotency_key: IdempotencyKey = ""
    ) -> Response:
        """Mail a code; the answer is the same for known and unknown addresses.

        It is bound to the browser's cookie, or to the id that an app sends as X-Browser-Id.
        """
        visit.edge.sign_in_limit.check(visit.network_address)
        body = {
            "email": asked.email,
            "browser_id": visit.visitor.browser_id,
            "network_address": visit.network_address,
            "locale": visit.texts.locale,
        }
        return await _passed_on(visit, "identity", "POST", "/sign-in-codes", idempotency_key, body)

    @routes.post("/sessions", status_code=201, tags=["identity"])
    async def sign_in(
        typed: TypedCode, visit: ApiVisit, idempotency_key: IdempotencyKey = ""
    ) -> Response:
        """Start a session; its token goes into `Authorization: Bearer`."""
        visit.edge.sign_in_limit.check(visit.network_address)
        body = {
            "email": typed.email,
            "code": typed.code,
            "browser_id": visit.visitor.browser_id,
            "user_agent": visit.request.headers.get("user-agent", "")[:300],
        }
        return await _passed_on(visit, "identity", "POST", "/sessions", idempotency_key, body)


def _add_buying(routes: APIRouter) -> None:
    @routes.post("/orders", status_code=201, tags=["checkout"])
    async def open_order(
        wanted: Purchase, visit: ApiVisit, idempotency_key: Annotated[str, Header(max_length=255)]
    ) -> Response:
        """Buy a pass: a total of zero is fulfilled at once, else `payment` tells how to pay."""
        if visit.signed_in is None:
            raise Problem(401, "sign_in_required", "Sign in first")
        visit.edge.purchase_limit.check(str(visit.person.person_id))
        visit.edge.network_limit.check(visit.network_address)
        body = {"pass_id": wanted.pass_id}
        return await _passed_on(visit, "checkout", "POST", "/orders", idempotency_key, body)


def _add_chat(routes: APIRouter) -> None:
    @routes.get("/experiences/{experience_id}/chat", tags=["chat"])
    async def chat_seat(experience_id: str, visit: ApiVisit) -> Response:
        """Return the key to the chat, or `joining` until the chat knows of the person's access."""
        seat = await visit.ask.sent("chat", "GET", f"/experiences/{experience_id}/chat")
        if seat.status_code == _FORBIDDEN and await _may_enter(visit, experience_id):
            return visit.with_cookies(JSONResponse({"state": "joining"}))
        return _as_is(visit, seat)


async def _may_enter(visit: Visit, experience_id: str) -> bool:
    entry = await visit.ask.sent("access", "GET", f"/experiences/{experience_id}/entry")
    return entry.is_success and bool(entry.json()["allowed"])


def _add_streaming(routes: APIRouter) -> None:
    @routes.post("/experiences/{experience_id}/stream-token", tags=["streaming"])
    async def stream_token(experience_id: str, wanted: StreamRole, visit: ApiVisit) -> Response:
        """Return the key to the stream that is on air, or 409 not_live."""
        stream = await visit.ask.sent("streaming", "GET", f"/experiences/{experience_id}/stream")
        if not stream.is_success:
            return _as_is(visit, stream)
        shown = stream.json()
        if shown["state"] in {"off", "ended"} or shown["stream_id"] is None:
            raise Problem(409, "not_live", "Nobody is on air")
        path = f"/streams/{shown['stream_id']}/tokens"
        return await _passed_on(visit, "streaming", "POST", path, "", {"role": wanted.role})
