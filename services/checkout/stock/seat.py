"""One seat of a pass: held, sold, released. Together the seats are the stock's ledger."""

from datetime import datetime
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override


class SeatState(StrEnum):
    HELD = "held"
    SOLD = "sold"
    RELEASED = "released"


class SeatReason(StrEnum):
    """Why a seat moved."""

    ORDER = "order"
    LATE_PAYMENT = "late_payment"
    PAID = "paid"
    FREE = "free"
    HOLD_EXPIRED = "hold_expired"
    PAYMENT_IMPOSSIBLE = "payment_impossible"
    PAYMENT_RETURNED = "payment_returned"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"


class SeatNotHeld(Exception):
    """The seat was sold or released already."""


class Seat(Aggregate):
    """The seat that one order takes of the stock of its pass."""

    TOPIC = "checkout.seat"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "checkout.seat.created"

    class Held(Aggregate.Created):
        """Nobody else can have it for now."""

        TOPIC = "checkout.seat.held"

        order_id: UUID
        pass_id: UUID
        reason: str
        held_at: datetime

    class HeldAgain(Aggregate.Event):
        """A released seat was held again for the same order."""

        TOPIC = "checkout.seat.held_again"

        pass_id: UUID
        reason: str
        held_at: datetime

    class Sold(Aggregate.Event):
        """It belongs to the buyer."""

        TOPIC = "checkout.seat.sold"

        pass_id: UUID
        reason: str
        sold_at: datetime

    class Released(Aggregate.Event):
        """It is on sale again."""

        TOPIC = "checkout.seat.released"

        pass_id: UUID
        was: str
        reason: str
        released_at: datetime

    @event(Held)
    def __init__(self, order_id: UUID, pass_id: UUID, reason: str, held_at: datetime) -> None:
        self.order_id = order_id
        self.pass_id = pass_id
        self.state = SeatState.HELD.value

    @staticmethod
    @override
    def create_id(order_id: UUID) -> UUID:
        """An order takes one seat, however often it asks."""
        return uuid5(NAMESPACE_URL, f"/seats/{order_id}")

    def hold_again(self, reason: SeatReason, at: datetime) -> None:
        """Hold it again. Does nothing unless it was released."""
        if self.state == SeatState.RELEASED:
            self._held_again(pass_id=self.pass_id, reason=reason.value, held_at=at)

    @event(HeldAgain)
    def _held_again(self, pass_id: UUID, reason: str, held_at: datetime) -> None:
        self.state = SeatState.HELD.value

    def sell(self, reason: SeatReason, at: datetime) -> None:
        """Sell it to the buyer. Raises SeatNotHeld."""
        if self.state != SeatState.HELD:
            raise SeatNotHeld(self.id)
        self._sold(pass_id=self.pass_id, reason=reason.value, sold_at=at)

    @event(Sold)
    def _sold(self, pass_id: UUID, reason: str, sold_at: datetime) -> None:
        self.state = SeatState.SOLD.value

    def release(self, reason: SeatReason, at: datetime) -> None:
        """Put it on sale again. Raises SeatNotHeld if it was released already."""
        if self.state == SeatState.RELEASED:
            raise SeatNotHeld(self.id)
        self._released(pass_id=self.pass_id, was=self.state, reason=reason.value, released_at=at)

    @event(Released)
    def _released(self, pass_id: UUID, was: str, reason: str, released_at: datetime) -> None:
        self.state = SeatState.RELEASED.value
