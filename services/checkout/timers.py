"""What happens in the checkout service when time has come."""

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from libs.runtime.scheduling.schedule import Timer
from libs.runtime.service import Hook, Service
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.checkout import rounds
from services.checkout.application import HOLD_EXPIRES, Checkout
from services.checkout.tables import list_stock_differences
from services.checkout.webhooks import Webhooks

logger = logging.getLogger(__name__)

SWEEP_WEBHOOKS: Final = "sweep_webhooks"
AUDIT_STOCK: Final = "audit_stock"
EVERY: Final = timedelta(minutes=1)


def on_hold_expires(payload: Mapping[str, Any], checkout: Checkout) -> None:
    """The provider could not be asked in time: the seat goes back on sale all the same."""
    checkout.close_order(UUID(payload["order_id"]))


def audit_stock() -> None:
    """Counters and ledger are compared; a difference is a fault of ours and cries out."""
    for difference in list_stock_differences():
        logger.error("the stock of a pass is not the sum of its ledger: %s", difference)


def timers(store: Store[Checkout], webhooks: Webhooks) -> Mapping[str, Timer]:
    """All of them, by the kind of their schedule entry."""

    def again(kind: str, act: Callable[[], None]) -> Timer:
        def time_has_come(_payload: Mapping[str, Any], _checkout: Checkout) -> None:
            act()
            store.schedule.at(kind, "all", store.clock.now() + EVERY, {})

        return time_has_come

    return {
        HOLD_EXPIRES: on_hold_expires,
        SWEEP_WEBHOOKS: again(SWEEP_WEBHOOKS, webhooks.sweep),
        AUDIT_STOCK: again(AUDIT_STOCK, audit_stock),
    }


def begin_rounds(store: Store[Checkout]) -> Hook:
    """Put what is done every minute on the schedule for now, since one that starts again and again
    must not put it off each time; and what is done every hour and night, when it is due."""

    async def begin(_: Service) -> None:
        def put() -> None:
            for kind in (SWEEP_WEBHOOKS, AUDIT_STOCK):
                store.schedule.at(kind, "all", store.clock.now(), {})
            rounds.begin_rounds(store.schedule, store.clock.now())

        cause = Cause(uuid5(NAMESPACE_URL, "begin rounds"), actor=store.service)
        store.work(cause, put)

    return begin
