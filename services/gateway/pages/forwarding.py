"""Forwards webhooks, the admin and one-click unsubscribing unchanged."""

from collections.abc import Iterable, Mapping
from typing import Final

import httpx
from fastapi import APIRouter, Request, Response

from libs.runtime.http.problems import Problem
from libs.runtime.telemetry import current_traceparent
from services.gateway.network_address import network_address_of
from services.gateway.visit import (
    Edge,
    Visiting,
    edge_of,
    refuse_other_sites,
)

router = APIRouter(include_in_schema=False)

_PROVIDERS: Final = {
    "stripe": ("checkout", ("content-type", "stripe-signature", "user-agent")),
    "livekit": ("streaming", ("content-type", "authorization", "user-agent")),
}
# Without `accept-language`: the admin gets the language that the person has chosen.
_TO_ADMIN: Final = (
    "accept",
    "content-type",
    "user-agent",
    "if-none-match",
    "if-modified-since",
    "idempotency-key",
)
_FROM_SERVICES: Final = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-security-policy",
        "content-type",
        "etag",
        "last-modified",
        "location",
        "permissions-policy",
        "retry-after",
        "vary",
    }
)
_SAFE: Final = frozenset({"GET", "HEAD"})
_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


@router.post("/webhooks/{provider}")
async def webhook(provider: str, request: Request) -> Response:
    """Forward a provider's webhook with its exact body and signature; the service verifies it."""
    if provider not in _PROVIDERS:
        raise Problem(404, "not_found", "No such webhook")
    service, headers = _PROVIDERS[provider]
    caller = edge_of(request).services.asked_by(None)
    # The service stores it under the event's id, so a second delivery changes nothing.
    answer = await caller.sent(
        service,
        "POST",
        f"/webhooks/{provider}",
        content=await request.body(),
        headers=_picked(request.headers, headers),
    )
    return _passed_on(answer)


@router.api_route("/admin", methods=_METHODS)
@router.api_route("/admin/{path:path}", methods=_METHODS)
async def admin(request: Request, visit: Visiting) -> Response:
    """Forward to the admin in the name of the person who is signed in."""
    safe = request.method in _SAFE
    if not safe:
        refuse_other_sites(request, visit.edge.settings)
    headers = _picked(request.headers, _TO_ADMIN) | _forwarded(request, visit.edge)
    headers["X-CSRF-Token"] = visit.csrf_token
    answer = await visit.ask.sent(
        "admin",
        request.method,
        request.url.path,
        params=request.query_params.multi_items(),
        content=await request.body(),
        headers=headers,
        # A command that may have been carried out is not sent again.
        only_unsent=not safe,
    )
    return visit.with_cookies(_passed_on(answer))


@router.api_route("/unsubscribe/{token}", methods=["GET", "POST"])
async def unsubscribe(token: str, request: Request) -> Response:
    """Forward an unsubscription; the token in the mail proves it (RFC 8058)."""
    edge = edge_of(request)
    headers = _picked(request.headers, ("accept", "accept-language", "content-type"))
    answer = await edge.services.asked_by(None).sent(
        "notifications",
        request.method,
        f"/unsubscribe/{token}",
        content=await request.body(),
        headers=headers | _forwarded(request, edge),
    )
    return _passed_on(answer)


def _picked(headers: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    return {name: headers[name] for name in names if name in headers}


def _forwarded(request: Request, edge: Edge) -> dict[str, str]:
    headers = {
        "X-Forwarded-For": network_address_of(request, edge.settings),
        "X-Forwarded-Proto": "https" if edge.settings.is_https else "http",
        "X-Forwarded-Host": request.headers.get("host", ""),
    }
    traceparent = current_traceparent()
    return headers if traceparent is None else headers | {"traceparent": traceparent}


def _passed_on(answer: httpx.Response) -> Response:
    kept = {name: value for name, value in answer.headers.items() if name in _FROM_SERVICES}
    return Response(answer.content, answer.status_code, headers=kept)
