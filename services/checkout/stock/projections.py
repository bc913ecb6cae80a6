"""The stock's ledger."""

from datetime import datetime
from typing import Any

from typing_extensions import override

from libs.events.envelope import Envelope
from libs.runtime.views.view import View, ViewCursor
from services.checkout.stock.seat import Seat, SeatState


class SeatList(View):
    """The stock's ledger: the state of each seat and why. Its sums are the counters."""

    name = "seat_list"
    tables = ("seat_list",)
    ddl = """
        CREATE TABLE IF NOT EXISTS seat_list (
            seat_id uuid PRIMARY KEY,
            order_id uuid NOT NULL,
            pass_id uuid NOT NULL,
            state text NOT NULL,
            reason text NOT NULL,
            moved_at timestamptz NOT NULL
        );
        CREATE INDEX IF NOT EXISTS seat_list_of_pass ON seat_list (pass_id, state);
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        match event:
            case Seat.Held():
                curs.execute(
                    "INSERT INTO seat_list VALUES (%s, %s, %s, %s, %s, %s)",
                    (
                        about.entity_id,
                        event.order_id,
                        event.pass_id,
                        SeatState.HELD.value,
                        event.reason,
                        event.held_at,
                    ),
                    prepare=True,
                )
            case Seat.HeldAgain():
                self._move(curs, event, SeatState.HELD, event.held_at)
            case Seat.Sold():
                self._move(curs, event, SeatState.SOLD, event.sold_at)
            case Seat.Released():
                self._move(curs, event, SeatState.RELEASED, event.released_at)
            case _:
                pass

    def _move(self, curs: ViewCursor, event: Any, state: SeatState, at: datetime) -> None:
        curs.execute(
            "UPDATE seat_list SET state = %s, reason = %s, moved_at = %s WHERE seat_id = %s",
            (state.value, event.reason, at, event.originator_id),
            prepare=True,
        )
