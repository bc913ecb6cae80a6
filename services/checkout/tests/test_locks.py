"""Two who decide at the same moment: what the locks are for, and what stands behind them."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from typing_extensions import override

import services.checkout
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.checkout.application import Checkout, Parts, application
from services.checkout.context import Locks
from services.checkout.flows import talking_to
from services.checkout.locks import AdvisoryLocks
from services.checkout.orders.sale.eligibility import Eligibility
from services.checkout.orders.tables import CheckoutTables
from services.checkout.projections import VIEWS
from services.checkout.stock.tables import StockTable
from services.checkout.tests.builders import terms
from services.checkout.tests.conftest import Shop

MIGRATIONS = Path(str(services.checkout.__file__)).parent / "migrations"
# Whoever stands behind a lock never comes to the meeting.
LONG_ENOUGH_S = 1.0


class Meeting(CheckoutTables):
    """Both have looked how the buyer stands before either decides, if the locks let them."""

    def __init__(self) -> None:
        self._both = threading.Barrier(2)

    @override
    def eligibility(self, pass_id: UUID, person_id: UUID, at: datetime) -> Eligibility:
        eligibility = super().eligibility(pass_id, person_id, at)
        with suppress(threading.BrokenBarrierError):
            self._both.wait(LONG_ENOUGH_S)
        return eligibility


class NoLocks:
    """Nobody waits for anybody."""

    def lock_buyer(self, person_id: UUID, pass_id: UUID) -> None:
        pass

    def lock_order(self, order_id: UUID) -> None:
        pass


class Counted(StockTable):
    """Writes down how often it was decided on a seat."""

    def __init__(self) -> None:
        self.decided = 0

    @override
    def move(self, pass_id: UUID, held: int, sold: int) -> bool:
        self.decided += 1
        return super().move(pass_id, held, sold)


@pytest.fixture
def open_store(database: str, shop: Shop) -> Iterator[Callable[..., Store[Checkout]]]:
    """The checkout once more on the same database, with books and counters of one's own."""
    opened: list[Store[Checkout]] = []

    def open_(locks: Locks, counters: StockTable) -> Store[Checkout]:
        parts = Parts(counters=counters, locks=locks, reads=Meeting())
        store = Store(
            "checkout",
            database,
            lambda env: application(env, shop.clock, Schedule(shop.clock), parts),
            views=VIEWS,
            migrations=MIGRATIONS,
            clock=shop.clock,
        )
        store.open()
        opened.append(store)
        return store

    yield open_
    for store in opened:
        store.close()


def both(act: Callable[[], Any]) -> list[Any]:
    """What two who do it at once come to: an answer, or a fault of the database."""

    def outcome(_: int) -> Any:
        try:
            return act()
        except psycopg.IntegrityError as fault:
            return type(fault)

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(outcome, range(2)))


@pytest.mark.parametrize(("locks", "decided"), [(AdvisoryLocks, 1), (NoLocks, 2)])
def test_two_tabs_make_one_order_and_without_the_lock_the_table_refuses_one(
    shop: Shop,
    open_store: Callable[..., Store[Checkout]],
    locks: type[Locks],
    decided: int,
) -> None:
    pass_id, person_id = shop.offer(terms(stock=5)).pass_id, uuid4()
    counters = Counted()
    store = open_store(locks(), counters)

    def buy() -> str:
        cause, app = Cause(uuid4()), store.application
        return store.execute(
            cause, lambda: app.orders.open_order(cause.command_id, person_id, pass_id)
        )

    orders = both(buy)

    assert counters.decided == decided
    assert len(set(orders)) == 1
    assert shop.stock(pass_id) == (5, 1, 0)


@pytest.mark.parametrize(
    ("locks", "faults"), [(AdvisoryLocks, 0), (NoLocks, 1)], ids=["locked", "unlocked"]
)
def test_concurrent_settlers_decide_once_and_without_the_lock_the_log_refuses_one(
    shop: Shop,
    open_store: Callable[..., Store[Checkout]],
    locks: type[Locks],
    faults: int,
) -> None:
    pass_id, counters = shop.offer(terms(stock=5)).pass_id, Counted()
    order_id = shop.buy(pass_id)
    shop.ensure(order_id)
    shop.provider.pay("pi_1")
    charging = talking_to(shop.provider, open_store(locks(), counters)).charging

    outcomes = both(lambda: charging.settle_order(order_id, Cause(uuid4())))

    assert counters.decided == 1 + faults
    assert sum(isinstance(outcome, type) for outcome in outcomes) == faults
    assert shop.stock(pass_id) == (5, 0, 1)
    assert shop.count("checkout.order.fulfilled") == 1
