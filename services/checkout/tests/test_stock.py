"""The counters in PostgreSQL, and 50 buyers who want one seat."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from libs.runtime.store import unit_of_work
from libs.runtime.store.cause import Cause
from ops.verify.stock import Ledger, check_stock
from services.checkout.stock.audit import list_stock_differences
from services.checkout.stock.inventory import SoldOut
from services.checkout.stock.tables import StockTable
from services.checkout.tests.builders import a_pass, free, terms
from services.checkout.tests.conftest import Shop

BUYERS = 50


def test_a_limit_holds_and_the_counter_is_the_sum_of_the_ledger(shop: Shop) -> None:
    pass_id = shop.offer(free(stock=2)).pass_id
    shop.buy(pass_id)
    shop.buy(pass_id)

    with pytest.raises(SoldOut):
        shop.buy(pass_id)

    assert shop.stock(pass_id) == (2, 0, 2)
    assert differences(shop) == []


def test_counter_that_differs_from_the_ledger_is_found(shop: Shop) -> None:
    pass_id = shop.offer(free(stock=2)).pass_id
    shop.buy(pass_id)
    shop.rows("UPDATE stock SET sold = 2")

    assert [d["sold_by_ledger"] for d in differences(shop)] == [1]
    assert findings(shop) == [
        f"the counter of pass {pass_id} has 0 held and 2 sold, its events give 0 and 1"
    ]


def test_capacity_lowered_below_sales_leaves_none_and_absorbs_released_seats(
    shop: Shop,
) -> None:
    published = shop.offer(terms(stock=3))
    first = shop.buy(published.pass_id)
    shop.buy(published.pass_id)
    shop.buy(published.pass_id)

    lowered = a_pass(terms(stock=1), published.pass_id, version_number=2)
    shop.hear(lowered, published.pass_id)
    assert shop.stock(published.pass_id) == (3, 3, 0)
    expire(shop, first)

    assert shop.stock(published.pass_id) == (2, 2, 0)
    with pytest.raises(SoldOut):
        shop.buy(published.pass_id)


def test_raised_capacity_has_free_seats(shop: Shop) -> None:
    published = shop.offer(free(stock=1))
    shop.buy(published.pass_id)

    raised = a_pass(free(stock=2), published.pass_id, version_number=2)
    shop.hear(raised, published.pass_id)
    shop.buy(published.pass_id)

    assert shop.stock(published.pass_id) == (2, 0, 2)


def test_later_limit_counts_the_seats_sold_without_one(
    shop: Shop,
) -> None:
    published = shop.offer(free())
    for _ in range(3):
        shop.buy(published.pass_id)
    assert shop.stock(published.pass_id) == (None, 0, 0)

    limited = a_pass(free(stock=4), published.pass_id, version_number=2)
    shop.hear(limited, published.pass_id)

    assert shop.stock(published.pass_id) == (4, 0, 3)
    shop.buy(published.pass_id)
    with pytest.raises(SoldOut):
        shop.buy(published.pass_id)


def test_a_limit_can_be_lifted(shop: Shop) -> None:
    published = shop.offer(free(stock=0))

    shop.hear(a_pass(free(), published.pass_id, version_number=2), published.pass_id)
    shop.buy(published.pass_id)

    assert shop.stock(published.pass_id)[0] is None


def test_the_database_itself_refuses_to_oversell(shop: Shop) -> None:
    shop.offer(free(stock=1))

    with pytest.raises(psycopg.errors.CheckViolation):
        shop.rows("UPDATE stock SET sold = 2")


@pytest.mark.parametrize("frozen", [free(stock=1), terms(stock=1)], ids=["free", "paid"])
def test_fifty_buyers_and_one_seat_make_one_sale(shop: Shop, frozen: Any) -> None:
    pass_id = shop.offer(frozen).pass_id

    told = flash_sale(shop, pass_id)

    assert told == {"sold": 1, "SoldOut": BUYERS - 1}
    assert sum(shop.stock(pass_id)[1:]) == 1
    assert shop.count("checkout.order.opened") == 1
    assert differences(shop) == []


def test_read_then_write_oversells_which_is_why_the_row_decides(
    open_shop: Callable[..., Shop],
) -> None:
    """The positive control: the same sale without the conditional UPDATE and its last wall."""
    shop = open_shop(counters=ReadThenWrite())
    pass_id = shop.offer(free(stock=1)).pass_id
    shop.rows("ALTER TABLE stock DROP CONSTRAINT never_oversold")

    told = flash_sale(shop, pass_id)

    assert told["sold"] > 1
    assert shop.count("checkout.order.fulfilled") == told["sold"]


def test_one_person_with_many_tabs_has_one_order_and_one_seat(shop: Shop) -> None:
    pass_id = shop.offer(terms(stock=50)).pass_id
    person_id = uuid4()

    with ThreadPoolExecutor(12) as threads:
        orders = list(threads.map(lambda _: shop.buy(pass_id, person_id), range(24)))

    assert len(set(orders)) == 1
    assert shop.stock(pass_id) == (50, 1, 0)


def test_capacity_lowered_below_sales_is_no_finding(shop: Shop) -> None:
    published = shop.offer(free(stock=3))
    for _ in range(3):
        shop.buy(published.pass_id)
    lower(shop, published.pass_id, 1, 2)

    assert findings(shop) == []


@pytest.mark.parametrize("before", [3, None], ids=["lowered", "limited"])
def test_overselling_under_a_later_limit_is_found(
    open_shop: Callable[..., Shop], before: int | None
) -> None:
    """The control: the counter lets everybody in, and its last wall is gone."""
    shop = open_shop(counters=WithoutLimit())
    pass_id = shop.offer(free(stock=before)).pass_id
    shop.buy(pass_id)
    shop.rows("ALTER TABLE stock DROP CONSTRAINT never_oversold")
    lower(shop, pass_id, 1, 2)
    assert findings(shop) == []

    shop.buy(pass_id)

    oversold = f"pass {pass_id} had 2 seats held and sold at"
    (found,) = (each for each in findings(shop) if oversold in each)
    assert found.endswith("when there were 1")


def test_raised_and_lifted_limits_have_no_finding(shop: Shop) -> None:
    pass_id = shop.offer(free(stock=1)).pass_id
    shop.buy(pass_id)
    lower(shop, pass_id, 2, 2)
    shop.buy(pass_id)
    lower(shop, pass_id, None, 3)
    shop.buy(pass_id)

    assert findings(shop) == []


def test_later_check_continues_and_misses_no_slow_transaction(
    shop: Shop,
) -> None:
    """A transaction that began early and is still open keeps later ones from being settled."""
    pass_id = shop.offer(free(stock=9)).pass_id
    shop.buy(pass_id)
    with psycopg.connect(shop.service.settings.database_url) as early:
        early.execute("SELECT pg_current_xact_id()")
        shop.buy(pass_id)
        first, meanwhile = look(shop, Ledger())
        shop.buy(pass_id)
        second, later = look(shop, meanwhile)
    third, after = look(shop, later)
    shop.rows("UPDATE events SET state = '{}' WHERE topic LIKE 'checkout.seat.%%'")
    # What was folded is not read again: only so can the damage stay unseen.
    fourth, _ = look(shop, after)

    assert [*first, *second, *third, *fourth] == []
    assert [len(each.ahead) for each in (meanwhile, later, after)] == [2, 4, 0]
    taken = after.passes[str(pass_id)]
    assert (taken.held, taken.sold, taken.seats) == (0, 3, 9)


def test_restored_log_is_read_from_its_beginning(shop: Shop) -> None:
    pass_id = shop.offer(free(stock=9)).pass_id
    shop.buy(pass_id)
    _, known = look(shop, Ledger())
    shop.rows("DELETE FROM events WHERE topic LIKE 'checkout.seat.%%'")
    shop.rows("UPDATE stock SET sold = 0")

    found, _ = look(shop, known)

    assert found == []


class WithoutLimit(StockTable):
    """Counts, and lets everybody in."""

    def move(self, pass_id: UUID, held: int, sold: int) -> bool:
        with unit_of_work.required().cursor() as curs:
            curs.execute(
                "UPDATE stock SET held = held + %s, sold = sold + %s WHERE pass_id = %s"
                " AND capacity IS NOT NULL",
                (held, sold, pass_id),
            )
        return True


def lower(shop: Shop, pass_id: UUID, seats: int | None, version: int) -> None:
    shop.hear(a_pass(free(stock=seats), pass_id, version_number=version), pass_id)


def look(shop: Shop, known: Ledger) -> tuple[list[str], Ledger]:
    url = shop.service.settings.database_url
    with psycopg.connect(url, row_factory=dict_row, autocommit=True) as conn:
        found, reached = check_stock(conn, known)
    return [each.sentence for each in found], reached


def findings(shop: Shop) -> list[str]:
    return look(shop, Ledger())[0]


class ReadThenWrite(StockTable):
    """What must not be done: look, decide, then write."""

    def move(self, pass_id: UUID, held: int, sold: int) -> bool:
        with unit_of_work.required().cursor() as curs:
            row = curs.execute("SELECT * FROM stock WHERE pass_id = %s", (pass_id,)).fetchone()
            assert row is not None
            time.sleep(0.05)
            if row["held"] + row["sold"] >= row["capacity"]:
                return False
            curs.execute(
                "UPDATE stock SET held = held + %s, sold = sold + %s WHERE pass_id = %s",
                (held, sold, pass_id),
            )
            return True


def flash_sale(shop: Shop, pass_id: UUID) -> Counter[str]:
    def try_to_buy(_: int) -> str:
        try:
            shop.buy(pass_id)
        except SoldOut:
            return "SoldOut"
        return "sold"

    with ThreadPoolExecutor(16) as threads:
        return Counter(threads.map(try_to_buy, range(BUYERS)))


def differences(shop: Shop) -> list[Any]:
    return shop.store.query(lambda _: list_stock_differences())


def expire(shop: Shop, order_id: UUID) -> None:
    shop.pass_time(minutes=10)
    shop.store.work(Cause(uuid4()), lambda: shop.checkout.orders.close_order(order_id))
