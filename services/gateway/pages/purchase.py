"""Buying a pass: the order, its payment, and the way back from the bank."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from libs.runtime.http.problems import Problem
from libs.web.clients import ServiceRefused
from services.gateway.offer import Item, first_charge_minor, items_of
from services.gateway.pages.in_line import InLine
from services.gateway.pages.space import pass_page
from services.gateway.security import PAYMENT
from services.gateway.visit import MemberVisiting, Visit, Visiting, checked_api, read_form

router = APIRouter(include_in_schema=False)

PAY_LABELS: Final = ("paying", "failed", "unavailable")
DECLINED: Final = (
    "generic",
    "insufficient_funds",
    "expired_card",
    "incorrect_cvc",
    "processing_error",
    "authentication_required",
    "payment_intent_authentication_failure",
)
_ENTRY_WITHIN_S: Final = 3.0
_LOOK_EVERY_S: Final = 0.05
_LOOKS_FOR: Final = timedelta(minutes=30)
_SHOWN: Final = frozenset({403, 409, 422, 502})


async def open_order(visit: Visit, space: str, pass_: str, key: str | UUID) -> dict[str, Any]:
    """Return the person's only open order for this pass. Raises ServiceRefused."""
    visit.edge.purchase_limit.check(str(visit.person.person_id))
    visit.edge.network_limit.check(visit.network_address)
    pass_id = await visit.edge.pass_ids.of(visit.ask, space, pass_)
    order: dict[str, Any] = await visit.ask.send(
        "checkout", "POST", "/orders", key, {"pass_id": pass_id}
    )
    return order


@router.get("/{space}/{pass_}/purchase")
async def back_to_pass(space: str, pass_: str, visit: Visiting) -> Response:
    """Return buyers who had to sign in to the pass."""
    return visit.go(f"/{space}/{pass_}")


@router.post("/{space}/{pass_}/purchase")
async def purchase(space: str, pass_: str, request: Request, visit: Visiting) -> Response:
    """Open an order, by a form or (JSON) by a script; a double click opens one order."""
    if request.headers.get("content-type", "").startswith("application/json"):
        return await _purchase_by_script(space, pass_, request, visit)
    form = await read_form(request, visit)
    try:
        order = await open_order(visit, space, pass_, form.key)
    except ServiceRefused as refused:
        if refused.status not in _SHOWN:
            raise
        told = visit.told(refused)
        return await pass_page(visit, space, pass_, status=refused.status, problem=told)
    return visit.go(await _next_page(visit, order))


async def _purchase_by_script(space: str, pass_: str, request: Request, visit: Visit) -> Response:
    await checked_api(request, visit)
    key = request.headers.get("idempotency-key", "")
    if visit.signed_in is None:
        raise Problem(401, "sign_in_required", "Sign in first")
    if not key:
        raise Problem(400, "key_required", "Send an Idempotency-Key")
    order = await open_order(visit, space, pass_, key)
    answer = JSONResponse(order | {"url": await _next_page(visit, order)}, 201)
    return visit.with_cookies(answer)


async def _next_page(visit: Visit, order: Mapping[str, Any]) -> str:
    if order["status"] == "fulfilled":
        return await _member_area(visit, order)
    return _order_page(order)


def _order_page(order: Mapping[str, Any]) -> str:
    return f"/{order['space_slug']}/{order['pass_slug']}/orders/{order['order_id']}"


async def _member_area(visit: Visit, order: Mapping[str, Any]) -> str:
    """Return the address of the member area; waits briefly until the buyer has access."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_ENTRY_WITHIN_S):
            await _until_let_in(visit, order["space_id"])
    return f"/account/purchased_spaces/{order['space_slug']}?welcome={order['order_id']}"


async def _until_let_in(visit: Visit, space_id: str) -> None:
    while True:
        grants = await visit.ask.find("access", "/grants/mine", [])
        if any(grant["space_id"] == space_id for grant in grants):
            return
        await asyncio.sleep(_LOOK_EVERY_S)


@router.get("/{space}/{pass_}/orders/{order_id}")
async def show_order(
    space: str, pass_: str, order_id: str, request: Request, visit: MemberVisiting
) -> Response:
    """Show an order to pay, or its outcome; banks redirect buyers to this page."""
    came_back = bool({"returned", "payment_intent"} & set(request.query_params))
    order = await _order(visit, order_id, settle=came_back)
    if (order["space_slug"], order["pass_slug"]) != (space, pass_):
        return visit.go(_order_page(order))
    if order["status"] == "fulfilled":
        return visit.go(await _member_area(visit, order))
    state = _state_of(order, came_back=came_back)
    items = await _items_of(visit, order) if state == "pay" else ()
    return await _shown(visit, order, state, items, came_back=came_back)


async def _items_of(visit: Visit, order: Mapping[str, Any]) -> tuple[Item, ...]:
    """Return the parts of the order's total, or nothing if the pass has a newer version."""
    path = f"/spaces/{order['space_slug']}/passes/{order['pass_slug']}"
    sold = await visit.ask.find("catalog", path)
    if sold is None or sold["version_id"] != order["pass_version_id"]:
        return ()
    terms = sold["terms"]
    return items_of(visit, terms) if first_charge_minor(terms) == order["total_minor"] else ()


async def _order(visit: Visit, order_id: str, *, settle: bool) -> dict[str, Any]:
    if settle:
        path, key = f"/orders/{order_id}/settle", visit.new_key()
        order: dict[str, Any] = await visit.ask.send("checkout", "POST", path, key)
    else:
        order = await visit.ask.get("checkout", f"/orders/{order_id}")
    return order


async def _shown(
    visit: Visit,
    order: Mapping[str, Any],
    state: str,
    items: tuple[Item, ...],
    *,
    came_back: bool,
) -> Response:
    return await visit.show(
        "order.html",
        needs=(PAYMENT,) if state == "pay" else (),
        order=order,
        items=items,
        state=state,
        is_recent=_is_recent(visit, order),
        declined=_declined(visit, order["failure_code"]) if came_back else None,
        returned_because=_returned_because(visit, order.get("return_cause")),
        line=InLine.of(visit, order) if state == "waiting" else None,
        stripe_js=visit.edge.settings.stripe_js_url,
        return_url=f"{_order_page(order)}?returned=1",
        labels=_labels(visit, order),
    )


def _is_recent(visit: Visit, order: Mapping[str, Any]) -> bool:
    """Return whether a page without scripts still reloads itself."""
    return visit.edge.clock.now() - datetime.fromisoformat(order["opened_at"]) < _LOOKS_FOR


def _labels(visit: Visit, order: Mapping[str, Any]) -> dict[str, str]:
    """Return the words of the payment form."""
    declined = visit.texts.labels("declined", DECLINED)
    return {
        "pay": _pay_button(visit, order),
        **visit.texts.labels("pay", PAY_LABELS),
        **{f"declined_{code}": text for code, text in declined.items()},
    }


def _pay_button(visit: Visit, order: Mapping[str, Any]) -> str:
    amount = visit.formats.money(
        order["total_minor"], order["currency"], order["currency_exponent"]
    )
    return visit.texts.say("pay-pay", amount=amount)


def _state_of(order: Mapping[str, Any], *, came_back: bool) -> str:
    """Return the state of an order as its page shows it.

    waiting (in the queue for the form), preparing (neither a form nor a place in the queue yet),
    pay, processing (at the bank), asking (the outcome is unknown), returning (the money goes back),
    or how the order ended.

    A buyer who comes back may have paid: only the provider's answer shows the form again.
    """
    if order["status"] != "open":
        return _state_of_ended(order)
    if order["payment"] is None:
        return "waiting" if order.get("waiting") else "preparing"
    at_provider = order.get("at_provider")
    if not came_back or at_provider == "awaiting":
        return "pay"
    return "asking" if at_provider is None else "processing"


def _state_of_ended(order: Mapping[str, Any]) -> str:
    status = str(order["status"])
    goes_back = order.get("return_cause") is not None
    if status == "expired" and goes_back:
        return "returning"
    if order.get("unsettled"):
        return "returning" if goes_back else "asking"
    return status


def _declined(visit: Visit, code: str | None) -> str:
    """Tell why the form is shown again after an attempt to pay."""
    if code is None:
        return visit.texts.say("pay-failed")
    key = f"declined-{code.replace('_', '-')}"
    return visit.texts.first(key, "declined-generic")


def _returned_because(visit: Visit, cause: str | None) -> str | None:
    if cause is None:
        return None
    key = f"order-return-{cause.replace('_', '-')}"
    return visit.texts.first(key, "order-return-other")
