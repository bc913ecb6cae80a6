"""Buying a pass: the order, its payment, and the way back from the bank."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.status import HTTP_201_CREATED

from services.gateway.clients import ServiceRefused
from services.gateway.pages.space import pass_page
from services.gateway.security import PAYMENT
from services.gateway.visit import (
    ForgedRequest,
    MemberVisiting,
    Sent,
    SignInFirst,
    Visit,
    Visiting,
    sign_in_url,
)

router = APIRouter(include_in_schema=False)

PAY_LABELS: Final = ("pay", "paying", "failed", "unavailable")
_ENTRY_WITHIN_S: Final = 3.0
_LOOK_EVERY_S: Final = 0.05
_MOST_REMEMBERED: Final = 10_000
_SHOWN: Final = frozenset({409, 422, 502})
_DECLINE_CODES: Final = frozenset(
    {
        "insufficient_funds",
        "expired_card",
        "incorrect_cvc",
        "processing_error",
        "authentication_required",
        "payment_intent_authentication_failure",
    }
)


class PassIds:
    """Which pass an address means; addresses are for good, so it is asked once."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def of(self, visit: Visit, space: str, pass_: str) -> str:
        """The pass's id. Raises ServiceRefused when there is no such pass."""
        known = self._known.get((space, pass_))
        if known is None:
            sold = await visit.ask.get("catalog", f"/spaces/{space}/passes/{pass_}")
            known = self._known[(space, pass_)] = str(sold["pass_id"])
            if len(self._known) > _MOST_REMEMBERED:
                self._known.popitem(last=False)
        return known


_pass_ids = PassIds()


async def _buy(visit: Visit, space: str, pass_: str, key: str) -> dict[str, Any]:
    visit.edge.network_limit.check(visit.network_address)
    visit.edge.purchase_limit.check(str(visit.person.person_id))
    pass_id = await _pass_ids.of(visit, space, pass_)
    order: dict[str, Any] = await visit.ask.send(
        "checkout", "POST", "/orders", key, {"pass_id": pass_id}
    )
    return order


@router.post("/{space}/{pass_}/purchase")
async def purchase(space: str, pass_: str, request: Request, visit: Visiting) -> Response:
    """Open the order of a pass, by a form or (JSON) by a script; a double click is one order."""
    raise NotImplementedError
