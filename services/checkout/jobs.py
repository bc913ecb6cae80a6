"""What the checkout service asks of the payment provider because a stored event wants it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from libs.runtime.scheduling.schedule import Job
from services.checkout.application import (
    CLOSE_ORDER,
    RECONCILE_ORDER,
)
from services.checkout.domain import RefundOrder
from services.checkout.money_back import REFUND, RETURN_PAYMENT
from services.checkout.payments import Payments, Record
from services.checkout.rounds import (
    BALANCE_DAY,
    RECONCILE_LISTS,
    RECONCILE_REFUNDS,
    RETURN_STRAY,
    SETTLE_LISTED,
    Balancer,
    Reconciler,
)
from services.checkout.webhooks import FOLLOW_HINT, Webhooks


class Jobs:
    """One method for each kind of job."""

    def __init__(
        self, payments: Payments, webhooks: Webhooks, reconciler: Reconciler, balancer: Balancer
    ) -> None:
        self._payments = payments
        self._webhooks = webhooks
        self._reconciler = reconciler
        self._balancer = balancer

    def on_reconcile_order(self, payload: Mapping[str, Any]) -> Record | None:
        """Two minutes after a payment was made, then every five: perhaps its webhook never came."""
        return self._payments.look_and_again(UUID(payload["order_id"]))

    def on_close_order(self, payload: Mapping[str, Any]) -> Record | None:
        """The hold is over."""
        return self._payments.close(UUID(payload["order_id"]))

    def on_return_payment(self, payload: Mapping[str, Any]) -> Record | None:
        """A captured payment bought nothing."""
        intent = payload["payment_intent_id"]
        # What an older version has put on the schedule names no key.
        key, tries = payload.get("key", f"return:{intent}"), payload.get("tries", 0)
        return self._payments.send_back(UUID(payload["order_id"]), intent, key, tries)

    def on_refund(self, payload: Mapping[str, Any]) -> Record | None:
        """The team gives money back."""
        request_id = UUID(payload["request_id"])
        tries = payload.get("tries", 0)
        key = f"refund:{request_id}"
        return self._payments.refund(
            RefundOrder(
                order_id=UUID(payload["order_id"]),
                payment_intent_id=payload["payment_intent_id"],
                idempotency_key=f"{key}:{tries}" if tries else key,
                amount_minor=payload["amount_minor"],
                request_id=request_id,
            ),
            request_id,
            tries,
        )

    def on_follow_hint(self, payload: Mapping[str, Any]) -> Record | None:
        """A stored webhook wants to be followed up."""
        return self._webhooks.follow(payload["event_id"], payload["payment_intent_id"])

    def on_reconcile_lists(self, payload: Mapping[str, Any]) -> Record | None:
        """Every hour, page by page: perhaps the provider has what nobody ever told us of."""
        return self._reconciler.step(payload.get("day"), up_to_now=payload.get("up_to_now", False))

    def on_reconcile_refunds(self, payload: Mapping[str, Any]) -> Record | None:
        """Every day, page by page: perhaps a bank has not taken what we think is back."""
        return self._reconciler.look_back()

    def on_settle_listed(self, payload: Mapping[str, Any]) -> Record | None:
        """A list names what we may not know."""
        return self._reconciler.settle(payload)

    def on_return_stray(self, payload: Mapping[str, Any]) -> Record | None:
        """An operator has a payment sent back whose order was lost."""
        return self._reconciler.return_stray(payload["payment_intent_id"])

    def on_balance_day(self, payload: Mapping[str, Any]) -> Record | None:
        """Every night, page by page: the sums of the day before."""
        return self._balancer.step(payload.get("day"))

    def by_kind(self) -> Mapping[str, Job]:
        """All of them, by the kind of their schedule entry."""
        return {
            RECONCILE_ORDER: self.on_reconcile_order,
            CLOSE_ORDER: self.on_close_order,
            RETURN_PAYMENT: self.on_return_payment,
            REFUND: self.on_refund,
            FOLLOW_HINT: self.on_follow_hint,
            RECONCILE_LISTS: self.on_reconcile_lists,
            RECONCILE_REFUNDS: self.on_reconcile_refunds,
            SETTLE_LISTED: self.on_settle_listed,
            RETURN_STRAY: self.on_return_stray,
            BALANCE_DAY: self.on_balance_day,
        }
