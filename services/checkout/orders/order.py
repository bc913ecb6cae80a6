"""One attempt of one person to buy one pass: quote, hold, then fulfilled or expired.

A fulfilled order also tells what went back of its money, in the order in which it happened.
"""

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

from services.checkout.orders.quote import Quote
from services.checkout.orders.states import OrderStatus


class OrderNotOpen(Exception):
    """The order is settled or expired: nothing can be paid for it any more."""


class Order(Aggregate):
    """A person, a frozen quote, and a seat held for ten minutes."""

    TOPIC = "checkout.order"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "checkout.order.created"

    class Opened(Aggregate.Created):
        """The quote is frozen as it stands now, and a seat is held."""

        TOPIC = "checkout.order.opened"

        command_id: UUID
        person_id: UUID
        quote: dict[str, Any]
        total_minor: int
        opened_at: datetime
        held_until: datetime

    class HoldExtended(Aggregate.Event):
        """The buyer or their bank was in the middle of paying when the hold would have ended."""

        TOPIC = "checkout.order.hold_extended"

        held_until: datetime

    class HoldRestarted(Aggregate.Event):
        """The payment was long in coming: the time to pay begins when there is one."""

        TOPIC = "checkout.order.hold_restarted"

        held_until: datetime

    class Fulfilled(Aggregate.Event):
        """The pass is theirs."""

        TOPIC = "checkout.order.fulfilled"

        person_id: UUID
        quote: dict[str, Any]
        total_minor: int
        payment_intent_id: str | None
        access_from: datetime
        access_until: datetime | None

    class Expired(Aggregate.Event):
        """It was not paid in time, or can't be paid; the seat is free again."""

        TOPIC = "checkout.order.expired"

        person_id: UUID
        space_id: UUID
        pass_id: UUID
        reason: str
        expired_at: datetime

    class Refunded(Aggregate.Event):
        """Money of the purchase went back; `full`: all of it, and the purchase is over."""

        TOPIC = "checkout.order.refunded"

        person_id: UUID
        space_id: UUID
        pass_id: UUID
        amount_minor: int
        currency: str
        currency_exponent: int
        full: bool
        cause: str
        refunded_at: datetime

    class RefundFailed(Aggregate.Event):
        """The bank rejected a refund that had been told: that money never went back.

        `stands_again`: the purchase had been refunded in full, and is theirs again.
        """

        TOPIC = "checkout.order.refund_failed"

        person_id: UUID
        space_id: UUID
        pass_id: UUID
        amount_minor: int
        currency: str
        currency_exponent: int
        stands_again: bool
        failed_at: datetime

    @event(Opened)
    def __init__(
        self,
        command_id: UUID,
        person_id: UUID,
        quote: dict[str, Any],
        total_minor: int,
        opened_at: datetime,
        held_until: datetime,
    ) -> None:
        self.person_id = person_id
        self.quote_state = quote
        self.total_minor = total_minor
        self.held_until = held_until
        self.extensions = 0
        self.status = OrderStatus.OPEN.value
        self.settled_by: str | None = None

    @staticmethod
    @override
    def create_id(command_id: UUID) -> UUID:
        """The same command opens the same order."""
        return uuid5(NAMESPACE_URL, f"/orders/{command_id}")

    @property
    def quote(self) -> Quote:
        """What was offered when the order was opened."""
        return Quote.from_state(self.quote_state)

    @property
    def is_open(self) -> bool:
        """Whether it can still be paid."""
        return self.status == OrderStatus.OPEN

    @property
    def may_be_fulfilled(self) -> bool:
        """Whether money that arrives now can still buy the pass, if there is a seat."""
        return self.status in {OrderStatus.OPEN, OrderStatus.EXPIRED}

    def require_open(self) -> None:
        """Raises OrderNotOpen."""
        if not self.is_open:
            raise OrderNotOpen(self.id)

    def _whose(self) -> dict[str, UUID]:
        return {
            "person_id": self.person_id,
            "space_id": self.quote_state["space_id"],
            "pass_id": self.quote_state["pass_id"],
        }

    def _money(self, amount_minor: int) -> dict[str, Any]:
        terms = self.quote.terms
        return {
            "amount_minor": amount_minor,
            "currency": terms.currency,
            "currency_exponent": terms.currency_exponent,
        }

    def extend_hold(self, until: datetime) -> None:
        """Keep the seat longer. Raises OrderNotOpen."""
        self.require_open()
        self._hold_extended(held_until=until)

    @event(HoldExtended)
    def _hold_extended(self, held_until: datetime) -> None:
        self.held_until = held_until
        self.extensions += 1

    def restart_hold(self, until: datetime) -> None:
        """Keep the seat for someone who had to wait for the payment. Raises OrderNotOpen."""
        self.require_open()
        self._hold_restarted(held_until=until)

    @event(HoldRestarted)
    def _hold_restarted(self, held_until: datetime) -> None:
        self.held_until = held_until

    def fulfil(self, payment_intent_id: str | None, at: datetime) -> None:
        """Give the pass for this payment (None: nothing was due). Raises OrderNotOpen."""
        if not self.may_be_fulfilled:
            raise OrderNotOpen(self.id)
        self.trigger_event(
            Order.Fulfilled,
            person_id=self.person_id,
            quote=self.quote_state,
            total_minor=self.total_minor,
            payment_intent_id=payment_intent_id,
            access_from=at,
            access_until=self.quote.terms.access_until(at),
        )

    @event(Fulfilled)
    def _fulfilled(self, payment_intent_id: str | None) -> None:
        self.status = OrderStatus.FULFILLED.value
        self.settled_by = payment_intent_id

    def expire(self, reason: str, at: datetime) -> None:
        """Let go of the order. Raises OrderNotOpen."""
        self.require_open()
        self.trigger_event(Order.Expired, **self._whose(), reason=reason, expired_at=at)

    @event(Expired)
    def _expired(self) -> None:
        self.status = OrderStatus.EXPIRED.value

    def tell_refund(self, amount_minor: int, cause: str, at: datetime, *, full: bool) -> None:
        """That much of the purchase went back; a full refund ends it."""
        money = self._money(amount_minor)
        self.trigger_event(
            Order.Refunded, **self._whose(), **money, full=full, cause=cause, refunded_at=at
        )

    @event(Refunded)
    def _refunded(self, full: bool) -> None:
        if full:
            self.status = OrderStatus.REFUNDED.value

    def tell_failed_refund(self, amount_minor: int, at: datetime, *, stands_again: bool) -> None:
        """The bank rejected a refund that had been told."""
        money = self._money(amount_minor)
        self.trigger_event(
            Order.RefundFailed, **self._whose(), **money, stands_again=stands_again, failed_at=at
        )

    @event(RefundFailed)
    def _refund_failed(self, stands_again: bool) -> None:
        if stands_again:
            self.status = OrderStatus.FULFILLED.value
