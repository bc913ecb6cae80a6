"""On this, do that: which module does what when work is due or another service announces something.

A job asks the payment provider outside of any transaction, and returns what to record. A timer runs
in the transaction that deletes its schedule entry.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from libs.runtime.scheduling.schedule import Job, Timer
from libs.runtime.service import Hook, Service
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.checkout.application import Checkout
from services.checkout.memberships.jobs import Refunding, refund_request_of
from services.checkout.memberships.refunds import REFUND
from services.checkout.memberships.use_cases import MEMBERSHIP_EXPIRES
from services.checkout.orders.charging.jobs import Charging, UseCases
from services.checkout.orders.use_cases import CLOSE_ORDER, HOLD_EXPIRES, RECONCILE_ORDER
from services.checkout.payments.provider.protocol import PaymentProvider
from services.checkout.payments.use_cases import RETURN_PAYMENT
from services.checkout.payments.webhooks.inbox import FOLLOW_HINT, Webhooks
from services.checkout.reconciliation.runs.lists import Reconciler
from services.checkout.reconciliation.runs.run import (
    BALANCE_DAY,
    RECONCILE_LISTS,
    RECONCILE_REFUNDS,
    REFUND_ORPHANED_PAYMENT,
    SETTLE_MOVEMENT,
    schedule_runs,
)
from services.checkout.reconciliation.runs.sums import Balancer
from services.checkout.stock.audit import audit_stock

SWEEP_WEBHOOKS: Final = "sweep_webhooks"
AUDIT_STOCK: Final = "audit_stock"
EVERY_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Workers:
    """Whatever calls the payment provider, and the inbox of its webhooks."""

    charging: Charging
    refunding: Refunding
    webhooks: Webhooks
    reconciler: Reconciler
    balancer: Balancer


def talking_to(
    provider: PaymentProvider,
    store: Store[Checkout],
    before_making: Callable[[UUID], None] = lambda _: None,
    reconciler: type[Reconciler] = Reconciler,
) -> Workers:
    """The workers of a store; `before_making` as in `Charging`."""
    checkout = store.application
    use_cases = UseCases(checkout.orders, checkout.payments)
    charging = Charging(store, use_cases, provider, before_making)
    return Workers(
        charging,
        Refunding(checkout.refunds, provider),
        Webhooks(store, charging.follow_hint, store.schedule),
        reconciler(store, checkout.reconciliation, provider),
        Balancer(store, checkout.reconciliation, provider),
    )


def jobs(workers: Workers) -> Mapping[str, Job]:
    """What the payment provider is asked for, by the kind of the schedule entry."""
    charging, webhooks = workers.charging, workers.webhooks
    reconciler, balancer = workers.reconciler, workers.balancer
    return {
        RECONCILE_ORDER: lambda due: charging.look_and_again(UUID(due["order_id"])),
        CLOSE_ORDER: lambda due: charging.close(UUID(due["order_id"])),
        RETURN_PAYMENT: lambda due: charging.return_payment(
            UUID(due["order_id"]), due["payment_intent_id"], due["key"], due["tries"]
        ),
        REFUND: lambda due: workers.refunding.refund(
            refund_request_of(due), UUID(due["request_id"]), due["tries"]
        ),
        FOLLOW_HINT: lambda due: webhooks.follow(due["event_id"], due["payment_intent_id"]),
        RECONCILE_LISTS: lambda due: reconciler.step(
            due.get("day"), up_to_now=due.get("up_to_now", False)
        ),
        RECONCILE_REFUNDS: lambda _: reconciler.look_back(),
        SETTLE_MOVEMENT: reconciler.settle,
        REFUND_ORPHANED_PAYMENT: lambda due: reconciler.refund_orphaned_payment(
            due["payment_intent_id"]
        ),
        BALANCE_DAY: lambda due: balancer.step(due.get("day")),
    }


def timers(store: Store[Checkout], webhooks: Webhooks) -> Mapping[str, Timer]:
    """What needs no provider, by the kind of the schedule entry."""

    def every_minute(kind: str, act: Callable[[], None]) -> Timer:
        def run(_payload: Mapping[str, Any], _checkout: Checkout) -> None:
            act()
            store.schedule.at(kind, "all", store.clock.now() + EVERY_MINUTE, {})

        return run

    return {
        HOLD_EXPIRES: on_hold_expires,
        MEMBERSHIP_EXPIRES: on_membership_expires,
        SWEEP_WEBHOOKS: every_minute(SWEEP_WEBHOOKS, webhooks.sweep),
        AUDIT_STOCK: every_minute(AUDIT_STOCK, audit_stock),
    }


def on_hold_expires(payload: Mapping[str, Any], checkout: Checkout) -> None:
    """The seat goes back on sale although the provider could not be asked in time."""
    checkout.orders.close_order(UUID(payload["order_id"]))


def on_membership_expires(payload: Mapping[str, Any], checkout: Checkout) -> None:
    """The window of access has closed."""
    checkout.memberships.expire(UUID(payload["membership_id"]))


def begin(store: Store[Checkout]) -> Hook:
    """Schedule the work of every minute for now, and reconciliation for when it is due.

    A service that restarts often must not delay the work of every minute each time.
    """

    async def hook(_: Service) -> None:
        def put() -> None:
            for kind in (SWEEP_WEBHOOKS, AUDIT_STOCK):
                store.schedule.at(kind, "all", store.clock.now(), {})
            schedule_runs(store.schedule, store.clock.now())

        cause = Cause(uuid5(NAMESPACE_URL, "begin runs"), actor=store.service)
        store.work(cause, put)

    return hook
