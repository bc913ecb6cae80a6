"""One attempt of one person to buy one pass: quote, hold, then fulfilled or expired."""

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

from services.checkout.orders.sale.quote import Quote
from services.checkout.orders.states import OrderStatus
from services.checkout.payments.charge import Charge


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
        """The buyer or their bank was paying when the hold would have ended."""

        TOPIC = "checkout.order.hold_extended"

        held_until: datetime

    class HoldRestarted(Aggregate.Event):
        """The buyer waited for the payment to be made, so the whole hold begins anew."""

        TOPIC = "checkout.order.hold_restarted"

        held_until: datetime

    class Fulfilled(Aggregate.Event):
        """It was settled: a membership started."""

        TOPIC = "checkout.order.fulfilled"

        fulfilled_at: datetime

    class Expired(Aggregate.Event):
        """It was not paid in time, or can't be paid; the seat is free again."""

        TOPIC = "checkout.order.expired"

        person_id: UUID
        space_id: UUID
        pass_id: UUID
        reason: str
        expired_at: datetime

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

    @staticmethod
    @override
    def create_id(command_id: UUID) -> UUID:
        """The same command opens the same order."""
        return uuid5(NAMESPACE_URL, f"/orders/{command_id}")

    @property
    def quote(self) -> Quote:
        return Quote.from_state(self.quote_state)

    @property
    def charge(self) -> Charge:
        """What its payments are for."""
        quote = self.quote
        return Charge(
            order_id=self.id,
            person_id=self.person_id,
            space_id=quote.space_id,
            pass_id=quote.pass_id,
            amount_minor=self.total_minor,
            currency=quote.terms.currency,
            currency_exponent=quote.terms.currency_exponent,
        )

    @property
    def is_open(self) -> bool:
        return self.status == OrderStatus.OPEN

    @property
    def may_be_fulfilled(self) -> bool:
        """Whether money that arrives now may buy the pass, if a seat is left."""
        return self.status in {OrderStatus.OPEN, OrderStatus.EXPIRED}

    def require_open(self) -> None:
        """Raises OrderNotOpen."""
        if not self.is_open:
            raise OrderNotOpen(self.id)

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

    def fulfil(self, at: datetime) -> None:
        """Settle it, paid or free. Raises OrderNotOpen."""
        if not self.may_be_fulfilled:
            raise OrderNotOpen(self.id)
        self._fulfilled(fulfilled_at=at)

    @event(Fulfilled)
    def _fulfilled(self, fulfilled_at: datetime) -> None:
        self.status = OrderStatus.FULFILLED.value

    def expire(self, reason: str, at: datetime) -> None:
        """End the unpaid order. Raises OrderNotOpen."""
        self.require_open()
        self.trigger_event(
            Order.Expired,
            person_id=self.person_id,
            space_id=self.quote_state["space_id"],
            pass_id=self.quote_state["pass_id"],
            reason=reason,
            expired_at=at,
        )

    @event(Expired)
    def _expired(self) -> None:
        self.status = OrderStatus.EXPIRED.value
