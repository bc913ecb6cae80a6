"""Services without one of their protections: a story must then find damage."""

from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from typing_extensions import override

from libs.events.envelope import Envelope
from libs.runtime import unit_of_work
from libs.runtime.cause import Cause
from services.checkout.application import Checkout
from services.checkout.domain import OrderStatus, Payment, PaymentStatus
from services.checkout.payments import Record
from services.checkout.rounds import Reconciler
from services.checkout.tables import StockTable
from tests.simulation.mortal_store import MortalStore
from tests.simulation.world import Protections


class ReadThenWrite(StockTable):
    """Looks how many seats are left, makes up its mind, and writes what it has worked out."""

    def __init__(self, crowd: Callable[[UUID], None]) -> None:
        self._crowd = crowd

    @override
    def move(self, pass_id: UUID, held: int, sold: int) -> bool:
        with unit_of_work.required().cursor() as curs:
            row = curs.execute("SELECT * FROM stock WHERE pass_id = %s", (pass_id,)).fetchone()
            assert row is not None
            self._crowd(pass_id)
            if row["capacity"] is None:
                return True
            total = row["held"] + row["sold"] + held + sold
            if held + sold > 0 and total > row["capacity"]:
                return False
            curs.execute(
                "UPDATE stock SET held = %s, sold = %s, capacity = %s WHERE pass_id = %s",
                (
                    row["held"] + held,
                    row["sold"] + sold,
                    max(row["wanted"], total),
                    pass_id,
                ),
            )
        return True


class Forgetful(MortalStore):
    """Reacts to whatever comes, whether it came before or not."""

    @override
    def once(self, about: Envelope, durable: str, decide: Callable[[], None]) -> bool:
        def again() -> None:
            with self.cursor() as curs:
                curs.execute("DELETE FROM inbox WHERE event_id = %s", (about.id,))
            super(Forgetful, self).once(about, durable, decide)

        self.work(_cause_of(about), again)
        return True


def _cause_of(about: Envelope) -> Cause:
    return Cause(about.id, about.actor, about.traceparent)


class Hasty(Checkout):
    """Settles by what the order looks like just now, not by how far each payment has come."""

    @override
    def settle(self, order_id: UUID, payment: Payment) -> None:
        order = self._locked(order_id)
        now = self._clock.now()
        order.learn(payment, now)
        seat = self._seat_of(order)
        if payment.status is PaymentStatus.SUCCEEDED and order.status == OrderStatus.OPEN:
            self._stock.sell(seat, now)
            order.fulfil(payment.payment_intent_id, now)
            self._end(order)
        self._compare_refunds(order, seat, payment, now)
        self.save(order, seat)


class Trusting(Reconciler):
    """Goes through no list: whatever happened, somebody will have told us."""

    @override
    def step(self, day: str | None = None) -> Record:
        return lambda: None


WITHOUT: Final[Mapping[str, Protections]] = {
    "conditional update": Protections(counters=ReadThenWrite),
    "inbox": Protections(make_store=Forgetful),
    "lattice": Protections(checkout=Hasty),
    "rounds over the lists": Protections(reconciler=Trusting),
    "acknowledging after the commit": Protections(acknowledges_first=True),
}
"""Each protection that can be taken away, and the world without it."""
