"""Many who want the same pass at once, in batches, on real PostgreSQL."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.runtime.store.cause import Cause
from services.checkout.http import REFUSALS
from services.checkout.orders.http.batching import Buyer, OrderBatcher
from services.checkout.orders.sale.eligibility import AlreadyOwned
from services.checkout.stock.audit import list_stock_differences
from services.checkout.stock.inventory import SoldOut
from services.checkout.tests.builders import free, terms
from services.checkout.tests.conftest import Shop


def a_batcher(shop: Shop) -> OrderBatcher:
    return OrderBatcher(shop.store, tuple(REFUSALS))


def a_buyer(shop: Shop, pass_id: UUID, person_id: UUID | None = None, **more: Any) -> Buyer:
    person_id = person_id or uuid4()
    cause = more.get("cause") or Cause(uuid4(), actor=str(person_id))
    return Buyer(
        person_id,
        pass_id,
        cause,
        lambda allotment: shop.checkout.orders.open_order(
            cause.command_id, person_id, pass_id, allotment
        ),
    )


async def served(batcher: OrderBatcher, *buyers: Buyer) -> Counter[str]:
    answers = await asyncio.gather(*(batcher.serve(b) for b in buyers), return_exceptions=True)
    return Counter("sold" if isinstance(a, str) else type(a).__name__ for a in answers)


def transactions(shop: Shop) -> int:
    bought = "SELECT count(DISTINCT xact) AS n FROM events WHERE topic LIKE 'checkout.order.%%'"
    return int(shop.row(bought)["n"])


@pytest.mark.parametrize("frozen", [free(stock=7), terms(stock=7)], ids=["free", "paid"])
async def test_two_hundred_buyers_get_the_seats_there_are_in_a_few_transactions(
    shop: Shop, frozen: Any
) -> None:
    pass_id = shop.offer(frozen).pass_id

    told = await served(a_batcher(shop), *(a_buyer(shop, pass_id) for _ in range(200)))

    assert told == {"sold": 7, "SoldOut": 193}
    assert sum(shop.stock(pass_id)[1:]) == 7
    assert shop.store.query(lambda _: list_stock_differences()) == []
    assert transactions(shop) <= 7


async def test_those_who_came_first_are_served_first(shop: Shop) -> None:
    pass_id = shop.offer(free(stock=3)).pass_id
    buyers = [a_buyer(shop, pass_id) for _ in range(20)]

    await served(a_batcher(shop), *buyers)

    rows = shop.rows("SELECT person_id FROM order_list")
    assert {row["person_id"] for row in rows} == {b.person_id for b in buyers[:3]}


async def test_two_batchers_never_sell_a_seat_twice(
    open_shop: Callable[..., Shop],
) -> None:
    one, other = open_shop(), open_shop()
    pass_id = one.offer(free(stock=25)).pass_id

    told = await asyncio.gather(
        served(a_batcher(one), *(a_buyer(one, pass_id) for _ in range(60))),
        served(a_batcher(other), *(a_buyer(other, pass_id) for _ in range(60))),
    )

    assert sum(told, Counter()) == {"sold": 25, "SoldOut": 95}
    assert one.stock(pass_id) == (25, 0, 25)


async def test_refusal_in_a_batch_concerns_one_buyer(shop: Shop) -> None:
    pass_id = shop.offer(free(stock=5)).pass_id
    owner = uuid4()
    shop.buy(pass_id, owner)
    batcher = a_batcher(shop)

    answers = await asyncio.gather(
        batcher.serve(a_buyer(shop, pass_id)),
        batcher.serve(a_buyer(shop, pass_id, owner)),
        batcher.serve(a_buyer(shop, pass_id)),
        return_exceptions=True,
    )

    assert [type(a) for a in answers] == [str, AlreadyOwned, str]
    assert shop.stock(pass_id) == (5, 0, 3)


async def test_refused_buyer_in_a_batch_writes_nothing(shop: Shop) -> None:
    pass_id = shop.offer(terms(stock=1)).pass_id

    sold = await served(a_batcher(shop), *(a_buyer(shop, pass_id) for _ in range(3)))

    scheduled = shop.rows("SELECT DISTINCT key FROM schedule WHERE kind = 'close_order'")
    assert sold == {"sold": 1, "SoldOut": 2}
    assert len(scheduled) == 1


async def test_a_double_click_in_one_batch_is_one_order(shop: Shop) -> None:
    pass_id = shop.offer(terms(stock=5)).pass_id
    person_id = uuid4()
    click = a_buyer(shop, pass_id, person_id)

    batcher = a_batcher(shop)
    orders = await asyncio.gather(
        batcher.serve(click), batcher.serve(click), batcher.serve(a_buyer(shop, pass_id, person_id))
    )

    assert len(set(orders)) == 1
    assert shop.stock(pass_id) == (5, 1, 0)


async def test_the_same_command_again_gets_the_same_answer_and_not_a_refusal(shop: Shop) -> None:
    batcher, click = a_batcher(shop), a_buyer(shop, shop.offer(free()).pass_id)

    first = await batcher.serve(click)
    again = await batcher.serve(click)

    assert again == first


async def test_each_buyers_events_carry_their_own_command_and_name(shop: Shop) -> None:
    pass_id = shop.offer(free()).pass_id
    buyers = [a_buyer(shop, pass_id) for _ in range(5)]

    await served(a_batcher(shop), *buyers)

    rows = shop.rows(
        "SELECT DISTINCT command_id, actor FROM events WHERE topic <> 'checkout.capacity.set'"
    )
    assert {(r["command_id"], r["actor"]) for r in rows} == {
        (b.cause.command_id, str(b.person_id)) for b in buyers
    }


async def test_when_a_batch_fails_each_is_served_by_themselves(shop: Shop) -> None:
    pass_id = shop.offer(free(stock=5)).pass_id

    def fault(_: object) -> str:
        raise ArithmeticError("a fault of ours")

    broken = Buyer(uuid4(), pass_id, Cause(uuid4()), fault)

    batcher = a_batcher(shop)
    answers = await asyncio.gather(
        batcher.serve(a_buyer(shop, pass_id)),
        batcher.serve(broken),
        batcher.serve(a_buyer(shop, pass_id)),
        return_exceptions=True,
    )

    assert [type(a) for a in answers] == [str, ArithmeticError, str]
    assert shop.stock(pass_id) == (5, 0, 2)


async def test_batcher_serves_later_buyers_too(shop: Shop) -> None:
    pass_id = shop.offer(free(stock=1)).pass_id
    batcher = a_batcher(shop)

    first = await served(batcher, a_buyer(shop, pass_id))
    later = await served(batcher, a_buyer(shop, pass_id))

    assert (first, later) == ({"sold": 1}, {SoldOut.__name__: 1})
