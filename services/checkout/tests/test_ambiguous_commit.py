"""PostgreSQL commits, and the checkout never hears of it: at the desk, and at each later step."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.runtime.store.cause import Cause
from libs.runtime.tests.wired import wired
from services.checkout.tests.builders import free, terms
from services.checkout.tests.conftest import Shop
from services.checkout.tests.test_batching import a_batcher, a_buyer
from tests.chaos.wires import Wire, WireFault


@pytest.fixture
def wire_and_shop(database: str, open_shop: Callable[..., Shop]) -> Iterator[tuple[Wire, Shop]]:
    with wired(database) as (wire, url):
        shop = open_shop(database_url=url)
        yield wire, shop
        shop.store.close()


@pytest.mark.parametrize("frozen", [free(stock=4), terms(stock=4)], ids=["free", "paid"])
async def test_batch_with_an_unconfirmed_commit_sells_once_and_answers_everyone(
    wire_and_shop: tuple[Wire, Shop], frozen: Any
) -> None:
    wire, shop = wire_and_shop
    pass_id = shop.offer(frozen).pass_id
    batcher = a_batcher(shop)
    buyers = [a_buyer(shop, pass_id) for _ in range(4)]
    wire.break_it(WireFault.CUT_AFTER_COMMIT, most_hits=1)

    answers = [await asyncio.gather(*(batcher.serve(b) for b in buyers)) for _ in range(2)]

    assert wire.hits == 1, "no answer was cut: nothing is proved"
    assert answers[0] == answers[1]
    orders = {str(row["order_id"]) for row in shop.rows("SELECT order_id FROM order_list")}
    assert set(answers[0]) == orders
    assert sum(shop.stock(pass_id)[1:]) == len(orders) == 4


async def test_unconfirmed_commits_repeat_no_step_from_purchase_to_refund(
    wire_and_shop: tuple[Wire, Shop],
) -> None:
    wire, shop = wire_and_shop
    pass_id = shop.offer(terms(stock=1)).pass_id
    buying, refunding, person_id = Cause(uuid4()), Cause(uuid4()), uuid4()

    def over_a_cut(step: Callable[[], Any]) -> Any:
        wire.break_it(WireFault.CUT_AFTER_COMMIT, most_hits=1)
        done = step()
        assert wire.hits == 1, "no answer was cut: nothing is proved"
        return done

    def buy() -> str:
        act = partial(shop.checkout.orders.open_order, buying.command_id, person_id, pass_id)
        return shop.store.execute(buying, act)

    def refund() -> str:
        request_id = refunding.command_id
        act = partial(shop.checkout.refunds.request_refund, request_id, order_id, None, "creator")
        return shop.store.execute(refunding, act)

    answers = [over_a_cut(buy)]
    order_id = UUID(answers[0])
    over_a_cut(lambda: shop.ensure(order_id))
    shop.provider.pay("pi_1")
    over_a_cut(lambda: shop.settle(order_id))
    answers.append(over_a_cut(refund))
    wire.break_it(WireFault.CUT_AFTER_COMMIT, most_hits=1)
    await shop.work()

    assert wire.hits == 1, "no answer was cut: nothing is proved"
    assert [buy(), refund()] == answers
    moves = shop.rows("SELECT topic FROM events WHERE topic LIKE 'checkout.%%'")
    told = Counter(row["topic"] for row in moves)
    assert set(told.values()) == {1}, told
    assert shop.order(order_id)["status"] == "refunded"
    assert shop.stock(pass_id) == (1, 0, 0)
