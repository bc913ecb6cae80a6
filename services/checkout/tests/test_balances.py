"""The sums of a day, at the provider and in our books; real PostgreSQL."""

from datetime import timedelta
from typing import Any

import pytest

from services.checkout.payments.provider.protocol import PaymentStatus, ProviderSilent
from services.checkout.reconciliation.runs.run import BALANCE_DAY, SETTLE_MOVEMENT
from services.checkout.tests.builders import NOON, terms
from services.checkout.tests.conftest import Shop
from services.checkout.tests.test_reconciliation import (
    a_purchase,
    an_order,
    due,
    poisoned,
    reached,
    refund_by_hand,
)

DAY = NOON.date().isoformat()
TOMORROW = NOON.date() + timedelta(days=1)


def balances(shop: Shop) -> list[dict[str, Any]]:
    return shop.rows("SELECT day::text, sums, differing FROM balance_list ORDER BY day")


def the_sums(captured: tuple[int, int], returned: tuple[int, int]) -> dict[str, int]:
    """Theirs, then ours."""
    return {
        "captured_theirs_minor": captured[0],
        "captured_ours_minor": captured[1],
        "returned_theirs_minor": returned[0],
        "returned_ours_minor": returned[1],
    }


def without_the_lists(shop: Shop) -> None:
    """Hourly reconciliation is off, so it repairs nothing before the sums are compared."""
    shop.rows("DELETE FROM schedule WHERE kind = 'reconcile_lists'")


async def at_three_in_the_night(shop: Shop) -> None:
    shop.pass_time(hours=15)
    await shop.work()
    # The sums of a day that was gone through again wait for what its lists have brought up.
    shop.pass_time(seconds=1)
    await shop.work()


async def test_a_day_that_is_the_same_on_both_sides_is_kept_as_such(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.schedule_runs()
    for _ in range(3):
        _, intent = a_purchase(shop)
    refund_by_hand(shop, intent, 500)
    shop.settle_again(intent)
    shop.pass_time(hours=14, minutes=59)
    await shop.work()
    before = balances(shop)

    shop.pass_time(minutes=1)
    await shop.work()

    assert before == []
    assert balances(shop) == [
        {"day": DAY, "sums": {"EUR": the_sums((5970, 5970), (500, 500))}, "differing": []}
    ]
    assert "differs at the provider" not in caplog.text
    assert due(shop, BALANCE_DAY) == NOON + timedelta(days=1, hours=15)
    assert shop.rows("SELECT * FROM seen_at_provider") == []


async def test_a_difference_cries_out_and_is_looked_into_and_added_up_again(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.schedule_runs()
    without_the_lists(shop)
    order_id, intent = a_purchase(shop)
    refund = refund_by_hand(shop, intent, 1990)

    await at_three_in_the_night(shop)

    assert f"the money of {DAY} differs at the provider" in caplog.text
    first, again = compared(shop)
    assert first["sums"] == {"EUR": the_sums((1990, 1990), (1990, 0))}
    assert first["differing"] == [refund]
    assert again["sums"] == {"EUR": the_sums((1990, 1990), (1990, 1990))}
    assert again["differing"] == []
    assert shop.order(order_id)["status"] == "refunded"
    assert balances(shop)[0]["differing"] == []


def test_the_sums_of_a_day_wait_while_something_of_the_lists_was_never_tried(shop: Shop) -> None:
    shop.schedule_runs()
    now = shop.clock.now()
    put = shop.store.schedule.at
    shop.store.work(shop.cause(), lambda: put(SETTLE_MOVEMENT, "pi_1:captured", now, {}))

    for _ in range(5):
        record = shop.balancer.step(DAY)
        assert record is not None
        shop.store.work(shop.cause(), record)

    assert balances(shop) == []
    assert due(shop, BALANCE_DAY, DAY) == now + timedelta(seconds=1)


async def test_what_can_not_be_settled_holds_the_second_sums_up_for_one_try_alone(
    shop: Shop,
) -> None:
    shop.schedule_runs()
    without_the_lists(shop)
    _, intent = a_purchase(shop)
    refund = refund_by_hand(shop, intent, 1990)
    mend = poisoned(shop, intent)

    await at_three_in_the_night(shop)
    mend()
    shop.pass_time(minutes=5)
    await shop.work()

    assert [each["differing"] for each in compared(shop)] == [[refund], [refund]]
    assert shop.count("checkout.discrepancy.found") == 1


async def test_what_we_alone_have_stays_a_difference_until_a_person_comes(shop: Shop) -> None:
    shop.schedule_runs()
    _, intent = a_purchase(shop)
    _, other = a_purchase(shop)
    shop.provider.tell(intent, status=PaymentStatus.CANCELLED, charge_id=None)

    await at_three_in_the_night(shop)

    (balance,) = balances(shop)
    assert balance["differing"] == [intent]
    assert balance["sums"] == {"EUR": the_sums((1990, 3980), (0, 0))}
    assert len(compared(shop)) == 2
    assert other not in balance["differing"]


async def test_a_payment_that_the_provider_does_not_know_at_all_is_a_difference_of_its_day(
    shop: Shop,
) -> None:
    shop.schedule_runs()
    _, intent = a_purchase(shop)
    a_purchase(shop)
    await shop.work()
    del shop.provider.payments[intent]  # as when the keys were those of another account

    await at_three_in_the_night(shop)
    shop.pass_time(days=1)
    await shop.work()

    assert [each["differing"] for each in balances(shop)] == [[intent], []]
    assert balances(shop)[0]["sums"] == {"EUR": the_sums((1990, 3980), (0, 0))}
    assert shop.rows("SELECT 1 FROM schedule WHERE last_error IS NOT NULL") == []


async def test_what_was_captured_before_midnight_and_learned_after_it_counts_before(
    shop: Shop,
) -> None:
    shop.schedule_runs()
    shop.pass_time(hours=11, minutes=59)
    order_id, intent = an_order(shop)
    shop.provider.pay(intent)
    shop.pass_time(minutes=2)
    shop.settle(order_id)

    for _ in range(2):
        shop.pass_time(hours=24)
        await shop.work()

    assert balances(shop) == [
        {"day": DAY, "sums": {"EUR": the_sums((1990, 1990), (0, 0))}, "differing": []},
        {"day": TOMORROW.isoformat(), "sums": {}, "differing": []},
    ]


async def test_a_payment_that_bought_nothing_came_and_went_back_on_both_sides(shop: Shop) -> None:
    shop.schedule_runs()
    pass_id = shop.offer(terms(stock=1)).pass_id
    late = shop.buy(pass_id)
    shop.ensure(late)
    shop.store.work(shop.cause(), lambda: shop.checkout.orders.give_up_payment(late, 1, "nothing"))
    shop.buy(pass_id)
    shop.provider.pay("pi_1")
    refund_by_hand(shop, "pi_1", 90)
    shop.settle_again("pi_1")
    await shop.work()

    await at_three_in_the_night(shop)

    assert shop.order(late)["status"] == "returned"
    (balance,) = balances(shop)
    assert balance["sums"] == {"EUR": the_sums((1990, 1990), (1990, 1990))}
    assert balance["differing"] == []


async def test_a_silent_provider_leaves_the_day_for_later(shop: Shop) -> None:
    shop.schedule_runs()
    a_purchase(shop)
    shop.pass_time(hours=14)
    await shop.work()
    shop.provider.faults = [ProviderSilent("timed out")] * 4

    shop.pass_time(hours=1)
    await shop.work()
    silent = balances(shop)
    for _ in range(6):
        shop.pass_time(minutes=2)
        await shop.work()

    assert silent == []
    assert reached(shop, "daily") == NOON + timedelta(hours=12)
    assert balances(shop)[0]["sums"] == {"EUR": the_sums((1990, 1990), (0, 0))}


async def test_days_on_which_nothing_ran_are_made_up_for_one_by_one(shop: Shop) -> None:
    shop.schedule_runs()
    a_purchase(shop)

    shop.pass_time(days=3, hours=15)
    await shop.work()

    days = [(NOON + timedelta(days=n)).date().isoformat() for n in range(4)]
    assert [each["day"] for each in balances(shop)] == days[:4]


def compared(shop: Shop) -> list[dict[str, Any]]:
    rows = shop.rows(
        "SELECT convert_from(state, 'UTF8')::jsonb AS said FROM events"
        " WHERE topic = 'checkout.daily_balance.compared' ORDER BY notification_id"
    )
    return [row["said"] for row in rows]
