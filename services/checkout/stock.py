"""The one door to the stock of a pass: every seat is taken, sold and given back here.

The counter row decides (so any number of processes is safe), and every move of it is an event of
the seat, saved in the same transaction: the counter is the sum of the ledger at every commit.
"""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.checkout.domain import Capacity, Seat, SeatReason, SeatState, SoldOut


class Counters(Protocol):
    """How many seats of each pass are held and sold, against its capacity (None: no limit)."""

    def move(self, pass_id: UUID, held: int, sold: int) -> bool:
        """Change both by that much, unless it would exceed the capacity; whether it was done."""
        ...

    def set_capacity(self, pass_id: UUID, version_number: int, capacity: int | None) -> bool:
        """From this version of the pass on there are that many seats; older versions change
        nothing, and are answered so. Below what is held and sold, no seat is left and those that
        come back vanish."""
        ...


class StockDoor:
    """Moves seats: the counter and the ledger together."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def hold(self, order_id: UUID, pass_id: UUID, at: datetime) -> Seat:
        """Keep a seat for an order. Raises SoldOut."""
        if not self._counters.move(pass_id, held=1, sold=0):
            raise SoldOut(pass_id)
        return Seat(order_id, pass_id, SeatReason.ORDER.value, at)

    def take(self, order_id: UUID, pass_id: UUID, at: datetime) -> Seat:
        """Hold and sell a seat at once, for who has nothing to pay. Raises SoldOut."""
        if not self._counters.move(pass_id, held=0, sold=1):
            raise SoldOut(pass_id)
        seat = Seat(order_id, pass_id, SeatReason.ORDER.value, at)
        seat.sell(SeatReason.FREE, at)
        return seat

    def sell(self, seat: Seat, at: datetime, again: SeatReason = SeatReason.LATE_PAYMENT) -> None:
        """The seat was paid: the held one, else another one if any is left, taken `again` for that
        reason. Raises SoldOut."""
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
        """A version of the pass says how many seats there are (None: no limit).

        The counter's row is ours by then, so that the event stands in the log between the moves
        that were measured by the last capacity and those by this one. None for an older version.
        """
        if not self._counters.set_capacity(pass_id, version_number, capacity):
            return None
        return Capacity(pass_id, version_number, capacity, at)
