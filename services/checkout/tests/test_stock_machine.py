"""The door to the stock on its real table, led through whatever can happen to seats, beside a model
of three numbers: what is wanted, held and sold.

`BP_TEST_STOCK_SEQUENCES` says how many sequences are tried (60 if it is not set).
"""

import asyncio
import os
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from typing_extensions import override

from libs.runtime.store import unit_of_work
from libs.runtime.store.cause import Cause
from services.checkout.orders.http.batching import Buyer, OrderBatcher
from services.checkout.stock.capacity import Capacity
from services.checkout.stock.inventory import Allotment, Inventory, SoldOut
from services.checkout.stock.seat import Seat, SeatNotHeld, SeatReason, SeatState
from services.checkout.stock.tables import StockTable
from services.checkout.tests.builders import NOON
from services.checkout.tests.conftest import Shop

SEQUENCES = int(os.environ.get("BP_TEST_STOCK_SEQUENCES", "60"))
STEPS = 30
HELD, SOLD, RELEASED = SeatState.HELD.value, SeatState.SOLD.value, SeatState.RELEASED.value
LIMITS = st.none() | st.integers(0, 4)
ANY = st.integers(0, 1000)

pytestmark = pytest.mark.slow(60 + 2 * SEQUENCES, "plays many sequences of sales")


class StockMachine(RuleBasedStateMachine):
    """One pass after the other: each sequence has a pass of its own."""

    def __init__(self, shop: Shop, batcher: OrderBatcher, counters: StockTable) -> None:
        super().__init__()
        self.shop = shop
        self.batcher = batcher
        self.inventory = Inventory(counters)
        self.pass_id = uuid4()
        self.version = 0
        self.wanted: int | None = None
        self.seats: dict[UUID, str] = {}

    # The model

    def count(self, state: str) -> int:
        return sum(each == state for each in self.seats.values())

    @property
    def free(self) -> int | None:
        taken = self.count(HELD) + self.count(SOLD)
        return None if self.wanted is None else max(0, self.wanted - taken)

    def any_of(self, number: int, *states: str) -> UUID:
        fitting = [seat_id for seat_id, state in self.seats.items() if state in states]
        return fitting[number % len(fitting)]

    # What the catalog says

    @initialize(limit=LIMITS)
    def offer(self, limit: int | None) -> None:
        self.set_capacity(limit)

    @rule(limit=LIMITS)
    def set_capacity(self, limit: int | None) -> None:
        """Lowered, raised, lifted, or set again."""
        self.version += 1
        self.wanted = limit
        self.write(lambda: self.say(self.version, limit))

    @rule(limit=LIMITS, version=ANY)
    def hear_of_an_older_version(self, limit: int | None, version: int) -> None:
        older = version % (self.version + 1)
        self.write(lambda: self.say(older, limit))

    def say(self, version: int, limit: int | None) -> None:
        self.save(self.inventory.set_capacity(self.pass_id, version, limit, NOON))

    # What happens to seats

    @rule()
    def hold(self) -> None:
        self.reach(self.inventory.hold, HELD)

    @rule()
    def take_a_free_pass(self) -> None:
        self.reach(self.inventory.take, SOLD)

    def reach(self, how: Callable[..., Seat], state: str) -> bool:
        order_id, free = uuid4(), self.free

        def decide() -> None:
            self.save(how(order_id, self.pass_id, NOON))

        sold_out = self.refused(SoldOut, decide)
        assert sold_out == (free == 0), f"sold out: {sold_out}, free: {free}"
        if not sold_out:
            self.seats[Seat.create_id(order_id)] = state
        return not sold_out

    @rule(buyers=st.lists(st.sampled_from(["hold", "take"]), min_size=2, max_size=4))
    def buy_in_one_batch(self, buyers: list[str]) -> None:
        """The first come get what is left, in one transaction."""
        free = self.free
        order_ids = [uuid4() for _ in buyers]

        async def serve() -> list[Any]:
            buying = [
                self.batcher.serve(self.buyer(how, order_id))
                for how, order_id in zip(buyers, order_ids, strict=True)
            ]
            return await asyncio.gather(*buying, return_exceptions=True)

        answers = asyncio.run(serve())

        served = [not isinstance(answer, SoldOut) for answer in answers]
        expected = [free is None or place < free for place in range(len(buyers))]
        assert served == expected, answers
        for how, order_id, got in zip(buyers, order_ids, served, strict=True):
            if got:
                self.seats[Seat.create_id(order_id)] = HELD if how == "hold" else SOLD

    def buyer(self, how: str, order_id: UUID) -> Buyer:
        def decide(allotment: Allotment | None) -> str:
            self.save(getattr(self.inventory, how)(order_id, self.pass_id, NOON, allotment))
            return str(order_id)

        return Buyer(uuid4(), self.pass_id, Cause(uuid4()), decide)

    @precondition(lambda self: self.count(HELD))
    @rule(number=ANY)
    def pay(self, number: int) -> None:
        """Whoever holds a seat gets it, however low the limit is by now."""
        seat_id = self.any_of(number, HELD)
        self.write(self.moving(seat_id, self.sell))
        self.seats[seat_id] = SOLD

    @precondition(lambda self: self.count(RELEASED))
    @rule(number=ANY)
    def pay_too_late(self, number: int) -> None:
        """A seat again if there is one left."""
        seat_id, free = self.any_of(number, RELEASED), self.free

        sold_out = self.refused(SoldOut, self.moving(seat_id, self.sell))

        assert sold_out == (free == 0), f"sold out: {sold_out}, free: {free}"
        if not sold_out:
            self.seats[seat_id] = SOLD

    @precondition(lambda self: self.count(HELD))
    @rule(number=ANY)
    def let_the_hold_expire(self, number: int) -> None:
        self.give_back(self.any_of(number, HELD), SeatReason.HOLD_EXPIRED)

    @precondition(lambda self: self.count(SOLD))
    @rule(number=ANY)
    def refund(self, number: int) -> None:
        self.give_back(self.any_of(number, SOLD), SeatReason.REFUNDED)

    def give_back(self, seat_id: UUID, reason: SeatReason) -> None:
        self.write(self.moving(seat_id, lambda seat: self.inventory.release(seat, reason, NOON)))
        self.seats[seat_id] = RELEASED

    @precondition(lambda self: self.count(RELEASED))
    @rule(number=ANY)
    def give_back_twice(self, number: int) -> None:
        def release(seat: Seat) -> None:
            self.inventory.release(seat, SeatReason.REFUNDED, NOON)

        assert self.refused(SeatNotHeld, self.moving(self.any_of(number, RELEASED), release))

    @precondition(lambda self: self.count(SOLD))
    @rule(number=ANY)
    def sell_twice(self, number: int) -> None:
        twice = self.moving(self.any_of(number, SOLD), self.sell)

        assert self.refused((SeatNotHeld, SoldOut), twice)

    # What must hold

    @invariant()
    def every_move_is_in_the_counters_and_in_the_log(self) -> None:
        if self.version == 0:
            return
        capacity, held, sold = self.shop.stock(self.pass_id)
        taken = (self.count(HELD), self.count(SOLD))
        assert fold(self.shop, self.seats) == taken
        if self.wanted is None:
            assert capacity is None
            return
        assert (held, sold) == taken
        assert capacity == max(self.wanted, held + sold)

    @override
    def teardown(self) -> None:
        """No seat is lost for ever: as many are left as are wanted and not taken, and no more."""
        while self.wanted is not None and self.reach(self.inventory.take, SOLD):
            pass
        self.every_move_is_in_the_counters_and_in_the_log()

    # How it is done

    def write(self, decide: Callable[[], None]) -> None:
        self.shop.store.work(Cause(uuid4()), decide)

    def refused(
        self, refusal: type[Exception] | tuple[type[Exception], ...], decide: Callable[[], None]
    ) -> bool:
        try:
            self.write(decide)
        except refusal:
            return True
        return False

    def moving(self, seat_id: UUID, act: Callable[[Seat], None]) -> Callable[[], None]:
        def decide() -> None:
            seat: Seat = self.shop.checkout.repository.get(seat_id)
            act(seat)
            self.save(seat)

        return decide

    def sell(self, seat: Seat) -> None:
        self.inventory.sell(seat, NOON)

    def save(self, made: Seat | Capacity | None) -> None:
        self.shop.checkout.save(made)


def fold(shop: Shop, seats: dict[UUID, str]) -> tuple[int, int]:
    """How many of these seats are held and sold, by their events alone."""
    rows = shop.rows(
        "SELECT originator_id, originator_version, topic, state FROM events"
        " WHERE originator_id = ANY(%s)",
        list(seats),
    )
    held = sold = 0
    for row in rows:
        moved: Any = shop.checkout.mapper.to_domain_event(
            StoredEvent(**{**row, "state": bytes(row["state"])})
        )
        match moved:
            case Seat.Held() | Seat.HeldAgain():
                held += 1
            case Seat.Sold():
                held, sold = held - 1, sold + 1
            case Seat.Released(was=was):
                held, sold = held - (was == HELD), sold - (was == SOLD)
    return held, sold


def lead(shop: Shop, counters: StockTable, *phases: Phase) -> None:
    """Try the sequences."""
    batcher = OrderBatcher(shop.store, (SoldOut,))
    run_state_machine_as_test(
        lambda: StockMachine(shop, batcher, counters),
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=phases or tuple(Phase),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_whatever_happens_to_seats_none_is_sold_twice_and_none_is_lost(shop: Shop) -> None:
    lead(shop, StockTable())


class Unconditional(StockTable):
    """The same without asking whether there is a seat left."""

    @override
    def move(self, pass_id: UUID, held: int, sold: int) -> bool:
        unit_of_work.required().cursor().execute(
            "UPDATE stock SET held = held + %(held)s, sold = sold + %(sold)s,"
            " capacity = greatest(wanted, held + sold + %(held)s + %(sold)s)"
            " WHERE pass_id = %(pass_id)s AND capacity IS NOT NULL",
            {"pass_id": pass_id, "held": held, "sold": sold},
        )
        return True


class Forgetful(StockTable):
    """Seats that come back are not put on sale again."""

    @override
    def move(self, pass_id: UUID, held: int, sold: int) -> bool:
        return held + sold < 0 or super().move(pass_id, held, sold)


@pytest.mark.parametrize("mutant", [Unconditional, Forgetful])
def test_mutant_counter_is_found(shop: Shop, mutant: type[StockTable]) -> None:
    with pytest.raises(AssertionError):
        # Found is enough: the shortest way to it need not be.
        lead(shop, mutant(), Phase.generate)
