"""The route of Stripe's webhooks: stored before they are answered, and never believed."""

from collections.abc import Callable, Sequence
from typing import Final

from fastapi import APIRouter, Request

from libs.runtime.http.problems import BODY_TOO_LARGE
from services.checkout.payments.provider.protocol import WebhookEvent
from services.checkout.payments.webhooks.inbox import Webhooks

MAX_WEBHOOK_BYTES: Final = 256 * 1024

Read = Callable[[bytes, str | None, Sequence[str]], WebhookEvent]


def webhook_router(webhooks: Webhooks, read: Read, secrets: Sequence[str]) -> APIRouter:
    """The route of the webhook; without secrets there is none."""
    router = APIRouter()
    if not secrets:
        return router

    @router.post("/webhooks/stripe", responses={400: {}, 413: {}})
    async def hear_stripe(request: Request) -> dict[str, str]:
        body = await _body(request)
        event = read(body, request.headers.get("stripe-signature"), secrets)
        await webhooks.receive(event)
        return {"status": "stored"}

    return router


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_WEBHOOK_BYTES:
            raise BODY_TOO_LARGE
    return bytes(body)
