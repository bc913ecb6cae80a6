"""Stripe's stand-in: its API, its Elements script, its webhooks, under `/stripe`.

Owns: customers, cards, payments, charges, refunds, events and idempotency keys of one account.
Never does: answer an operation, accept a parameter or send a key that Stripe does not publish. Left
out: all payment methods but cards (so no payment is ever `processing`), balance transactions,
disputes, products and subscriptions.
"""

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.settings import Settings
from sandbox.state import State
from sandbox.stripe.account import Account
from sandbox.stripe.api import CORS, Api
from sandbox.stripe.bank import Bank
from sandbox.stripe.challenge import Challenges
from sandbox.stripe.elements import served
from sandbox.stripe.misbehaviour import Misbehaviour, Misbehaviours
from sandbox.stripe.problems import Refusal
from sandbox.stripe.webhooks import Courier

PREFIX = "/stripe"
_LOG = logging.getLogger(__name__)


def router(state: State, settings: Settings) -> APIRouter:
    """Return the routes of one Stripe account; its webhooks go out while the app runs."""
    account = Account(state, time.time)
    faults = Misbehaviours(state)
    courier = Courier(
        state, faults, settings.sandbox_stripe_webhook_url, settings.webhook_secrets, time.time
    )
    api = Api(
        account,
        courier,
        faults,
        secret_key=settings.stripe_api_key,
        publishable_key=settings.stripe_publishable_key,
    )
    challenges = Challenges(account, courier)
    bank = Bank(account, courier)

    @asynccontextmanager
    async def delivering(_app: Any) -> AsyncIterator[None]:
        work = [
            asyncio.create_task(courier.run(), name="stripe webhooks"),
            asyncio.create_task(bank.run(), name="stripe bank"),
        ]
        for task in work:
            task.add_done_callback(_end_process_on_fault)
        yield
        for task in work:
            task.cancel()
        await asyncio.wait(work)

    routes = APIRouter(lifespan=delivering, include_in_schema=False)
    _add_api(routes, api)
    _add_pages(routes, challenges)
    _add_control(routes, faults, bank)
    return routes


def _end_process_on_fault(work: "asyncio.Task[None]") -> None:
    """End the process after a fault in its work, so that its supervisor restarts it."""
    if not work.cancelled() and (fault := work.exception()) is not None:
        _LOG.critical("%s stopped; the process ends", work.get_name(), exc_info=fault)
        signal.raise_signal(signal.SIGTERM)


def _base_url(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}{PREFIX}"


def _add_api(routes: APIRouter, api: Api) -> None:
    @routes.api_route("/v1/{path:path}", methods=["GET", "POST", "DELETE"])
    async def answer(request: Request, path: str) -> Response:
        return await api.answer(request, f"/v1/{path}", _base_url(request))

    @routes.options("/v1/{path:path}")
    async def allow_browsers(path: str) -> Response:  # noqa: ARG001 - names the route's part
        return Response(status_code=204, headers=CORS)


def _add_pages(routes: APIRouter, challenges: Challenges) -> None:
    @routes.get("/js/v3/{name:path}")
    async def script(name: str) -> Response:
        return served(name or "v3.js")

    @routes.get("/3ds/{intent_id}/{token}")
    async def ask(intent_id: str, token: str) -> Response:
        return challenges.page(intent_id, token)

    @routes.post("/3ds/{intent_id}/{token}")
    async def decide(request: Request, intent_id: str, token: str) -> Response:
        form = await request.form()
        passed = form.get("outcome") == "complete"
        framed = form.get("framed") == "yes"
        return challenges.decide(intent_id, token, passed=passed, framed=framed)


def _add_control(routes: APIRouter, faults: Misbehaviours, bank: Bank) -> None:
    @routes.post("/_control/refunds/{refund_id}/fail")
    async def fail_refund(refund_id: str) -> Response:
        try:
            return JSONResponse(bank.fail(refund_id))
        except Refusal as refusal:
            return JSONResponse({"error": refusal.error}, refusal.status)

    @routes.post("/_control/misbehave", status_code=201)
    async def misbehave(misbehaviour: Misbehaviour) -> dict[str, str]:
        return {"id": faults.order(misbehaviour)}

    @routes.get("/_control/misbehave")
    async def misbehaving() -> list[dict[str, Any]]:
        return faults.all()

    @routes.delete("/_control/misbehave", status_code=204)
    async def behave() -> None:
        faults.clear()
