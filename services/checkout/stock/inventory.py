"""The inventory of a pass: every seat is held, sold and released here.

The counter's row decides, so any number of processes is safe. Every move is an event of the seat in
the same transaction: the counter equals the ledger's sum at every commit.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.checkout.stock.capacity import Capacity
from services.checkout.stock.seat import Seat, SeatReason, SeatState


class PassNotFound(Exception):
    """No pass of this id was ever published."""


class SoldOut(Exception):
    """No seat is left."""


@dataclass
class Allotment:
    """Free seats of a pass for one batch of buyers; their row is locked meanwhile."""

    pass_id: UUID
    left: int
    held: int = 0
    sold: int = 0

    def take(self, held: int, sold: int) -> bool:
        """Take one seat; False if none is left."""
        if self.left == 0:
            return False
        self.left -= 1
        self.held += held
        self.sold += sold
        return True


class Counters(Protocol):
    """How many seats of each pass are held and sold, against its capacity (None: no limit)."""

    def move(self, pass_id: UUID, held: int, sold: int) -> bool:
        """Change both by that much; False, and no change, if that exceeds the capacity."""
        ...

    def set_capacity(self, pass_id: UUID, version_number: int, capacity: int | None) -> bool:
        """Set the capacity from this version of the pass on; False, and no change, for an older
        one.

        A capacity below what is held and sold leaves no seat; released seats vanish until it fits.
        """
        ...


class Inventory:
    """Moves seats: the counter and the ledger together."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def hold(
        self, order_id: UUID, pass_id: UUID, at: datetime, allotment: Allotment | None = None
    ) -> Seat:
        """Hold a seat for an order, from the batch's allotment if there is one. Raises SoldOut."""
        self._give_out(pass_id, allotment, held=1, sold=0)
        return Seat(order_id, pass_id, SeatReason.ORDER.value, at)

    def take(
        self, order_id: UUID, pass_id: UUID, at: datetime, allotment: Allotment | None = None
    ) -> Seat:
        """Hold and sell a seat at once, when nothing is due. Raises SoldOut."""
        self._give_out(pass_id, allotment, held=0, sold=1)
        seat = Seat(order_id, pass_id, SeatReason.ORDER.value, at)
        seat.sell(SeatReason.FREE, at)
        return seat

    def _give_out(self, pass_id: UUID, allotment: Allotment | None, held: int, sold: int) -> None:
        if allotment is not None and allotment.pass_id == pass_id:
            given = allotment.take(held, sold)
        else:
            given = self._counters.move(pass_id, held=held, sold=sold)
        if not given:
            raise SoldOut(pass_id)

    def sell(self, seat: Seat, at: datetime, again: SeatReason = SeatReason.LATE_PAYMENT) -> None:
        """Sell the held seat; a released one is held again first, for the reason `again`.

        Raises SoldOut.
        """
        held = 1 if seat.state == SeatState.HELD else 0
        if not self._counters.move(seat.pass_id, held=-held, sold=1):
            raise SoldOut(seat.pass_id)
        seat.hold_again(again, at)
        seat.sell(SeatReason.PAID, at)

    def release(self, seat: Seat, reason: SeatReason, at: datetime) -> None:
        """Put a held or a sold seat on sale again."""
        held = 1 if seat.state == SeatState.HELD else 0
        seat.release(reason, at)
        self._counters.move(seat.pass_id, held=-held, sold=held - 1)

    def set_capacity(
        self, pass_id: UUID, version_number: int, capacity: int | None, at: datetime
    ) -> Capacity | None:
        """A version of the pass sets the capacity; None for an older version.

        The counter's row is locked by then. So in the log the event stands between the moves under
        the last capacity and those under this one.
        """
        if not self._counters.set_capacity(pass_id, version_number, capacity):
            return None
        return Capacity(pass_id, version_number, capacity, at)
