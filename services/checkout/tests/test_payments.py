"""A provider that is silent, slow or wrong, and redelivered hints; real PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.runtime.store.cause import Cause
from services.checkout.payments.provider.protocol import (
    PaymentImpossible,
    PaymentStatus,
    ProviderRefund,
    ProviderSilent,
    RefundImpossible,
)
from services.checkout.tests.builders import terms
from services.checkout.tests.conftest import Shop

SILENT = ProviderSilent("timed out")


def an_order(shop: Shop, stock: int | None = 1) -> tuple[UUID, UUID]:
    published = shop.offer(terms(stock=stock))
    return shop.buy(published.pass_id), published.pass_id


def a_payable_order(shop: Shop, stock: int | None = 1) -> tuple[UUID, UUID]:
    order_id, pass_id = an_order(shop, stock)
    shop.ensure(order_id)
    return order_id, pass_id


def secret_of(shop: Shop, order_id: UUID) -> Any:
    rows = shop.rows("SELECT client_secret FROM payment_secrets WHERE order_id = %s", order_id)
    return rows[0]["client_secret"] if rows else None


def test_a_payment_is_asked_for_once_however_often_it_is_wanted(shop: Shop) -> None:
    order_id, _ = a_payable_order(shop)

    shop.ensure(order_id)

    assert shop.provider.asked == [f"create order:{order_id}:1"]
    assert secret_of(shop, order_id) == "pi_1_secret"


def test_two_at_once_get_the_same_payment(shop: Shop) -> None:
    order_id, _ = an_order(shop)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: shop.ensure(order_id), range(6)))

    assert list(shop.provider.payments) == ["pi_1"]
    assert shop.count("checkout.payment.intent_created") == 1


def test_a_silent_provider_leaves_the_order_open_and_is_asked_again_with_the_same_key(
    shop: Shop,
) -> None:
    order_id, _ = an_order(shop)
    shop.provider.faults = [SILENT]

    shop.ensure(order_id)
    assert shop.order(order_id)["status"] == "open"
    assert secret_of(shop, order_id) is None
    shop.ensure(order_id)

    key = f"create order:{order_id}:1"
    assert shop.provider.asked == [key, key]
    assert secret_of(shop, order_id) == "pi_1_secret"


def test_an_answer_that_got_lost_makes_no_second_payment(shop: Shop) -> None:
    order_id, _ = an_order(shop)
    shop.provider.after = [SILENT]

    shop.ensure(order_id)
    shop.ensure(order_id)

    assert list(shop.provider.payments) == ["pi_1"]


def test_a_fault_that_is_replayed_is_searched_for_and_then_asked_anew(shop: Shop) -> None:
    order_id, _ = an_order(shop)
    shop.provider.faults = [ProviderSilent("500", replayed=True)]

    shop.ensure(order_id)
    shop.ensure(order_id)

    assert shop.provider.asked == [
        f"create order:{order_id}:1",
        "find",
        f"create order:{order_id}:2",
    ]
    assert secret_of(shop, order_id) == "pi_1_secret"


def test_a_fault_that_is_replayed_for_a_payment_that_exists_finds_it(shop: Shop) -> None:
    order_id, _ = an_order(shop)
    shop.provider.after = [ProviderSilent("500", replayed=True)]

    shop.ensure(order_id)

    assert secret_of(shop, order_id) == "pi_1_secret"
    assert list(shop.provider.payments) == ["pi_1"]


def test_a_payment_that_can_not_be_made_frees_the_seat(shop: Shop) -> None:
    order_id, pass_id = an_order(shop)
    shop.provider.faults = [PaymentImpossible("amount_too_small")]

    shop.ensure(order_id)

    assert shop.order(order_id)["status"] == "expired"
    assert shop.order(order_id)["failure_code"] == "amount_too_small"
    assert shop.stock(pass_id) == (1, 0, 0)


def test_webhook_return_page_and_reconciler_at_once_make_one_purchase(shop: Shop) -> None:
    order_id, pass_id = a_payable_order(shop)
    shop.provider.pay("pi_1")

    def settle(way: int) -> None:
        look = shop.charging.look if way % 2 else lambda _: shop.charging.follow_hint("pi_1")
        record = look(order_id)
        if record is not None:
            shop.store.work(Cause(uuid4()), record)

    with ThreadPoolExecutor(9) as threads:
        list(threads.map(settle, range(18)))

    assert shop.count("checkout.payment.succeeded") == 1
    assert shop.count("checkout.order.fulfilled") == 1
    assert shop.stock(pass_id) == (1, 0, 1)
    assert secret_of(shop, order_id) is None


async def test_a_webhook_that_never_comes_is_made_up_for_after_two_minutes(shop: Shop) -> None:
    order_id, _ = a_payable_order(shop)
    shop.provider.pay("pi_1")
    assert await shop.work() == 0

    shop.pass_time(minutes=2)
    await shop.work()

    assert shop.order(order_id)["status"] == "fulfilled"


async def test_the_end_of_the_hold_cancels_the_payment_and_frees_the_seat(shop: Shop) -> None:
    order_id, pass_id = a_payable_order(shop)

    shop.pass_time(minutes=10)
    await shop.work()

    assert shop.provider.payments["pi_1"].status is PaymentStatus.CANCELLED
    assert shop.order(order_id)["status"] == "expired"
    assert shop.stock(pass_id) == (1, 0, 0)


async def test_the_end_of_the_hold_finds_a_payment_that_succeeded(shop: Shop) -> None:
    order_id, pass_id = a_payable_order(shop)
    shop.pass_time(minutes=3)
    await shop.work()
    shop.provider.pay("pi_1")

    shop.pass_time(minutes=7)
    await shop.work()

    assert shop.order(order_id)["status"] == "fulfilled"
    assert shop.stock(pass_id) == (1, 0, 1)


async def test_the_end_of_the_hold_waits_once_for_who_is_at_3_d_secure(shop: Shop) -> None:
    order_id, _ = a_payable_order(shop)
    shop.provider.tell("pi_1", status=PaymentStatus.CHALLENGED)

    shop.pass_time(minutes=10)
    await shop.work()
    assert shop.order(order_id)["status"] == "open"
    shop.pass_time(minutes=10)
    await shop.work()

    assert shop.order(order_id)["status"] == "expired"
    assert shop.provider.payments["pi_1"].status is PaymentStatus.CANCELLED


async def test_while_the_bank_is_at_it_the_hold_stays(shop: Shop) -> None:
    order_id, _ = a_payable_order(shop)
    shop.provider.tell("pi_1", status=PaymentStatus.PROCESSING)

    for _ in range(5):
        shop.pass_time(minutes=10)
        await shop.work()
    assert shop.order(order_id)["status"] == "open"
    shop.provider.pay("pi_1")
    shop.pass_time(minutes=10)
    await shop.work()

    assert shop.order(order_id)["status"] == "fulfilled"


async def test_a_payment_of_unknown_outcome_is_found_and_cancelled_when_the_hold_ends(
    shop: Shop,
) -> None:
    order_id, _ = an_order(shop)
    shop.provider.after = [SILENT]
    shop.ensure(order_id)

    shop.pass_time(minutes=10)
    await shop.work()

    assert [p.status for p in shop.provider.payments.values()] == [PaymentStatus.CANCELLED]
    assert shop.order(order_id)["status"] == "expired"


async def test_with_the_provider_away_the_seat_is_free_two_minutes_later_all_the_same(
    shop: Shop,
) -> None:
    order_id, pass_id = a_payable_order(shop)
    shop.provider.faults = [SILENT] * 100

    shop.pass_time(minutes=10)
    await shop.work()
    assert shop.order(order_id)["status"] == "open"
    shop.pass_time(minutes=2)
    await shop.work()
    assert shop.stock(pass_id) == (1, 0, 0)
    shop.provider.faults = []
    shop.pass_time(minutes=6)
    await shop.work()

    assert shop.order(order_id)["status"] == "expired"
    assert shop.provider.payments["pi_1"].status is PaymentStatus.CANCELLED


async def test_a_late_success_with_no_seat_left_is_refunded_once(shop: Shop) -> None:
    late, pass_id = a_payable_order(shop)
    shop.provider.faults = [SILENT] * 20
    shop.pass_time(minutes=12)
    await shop.work()
    shop.provider.faults = []
    shop.buy(pass_id)
    shop.provider.pay("pi_1")

    shop.pass_time(minutes=6)
    await shop.work()

    assert shop.order(late)["status"] == "returned"
    assert [r.amount_minor for r in shop.provider.payments["pi_1"].refunds] == [1990]
    assert shop.returns() == 1


async def test_a_refund_whose_answer_got_lost_is_asked_again_and_made_once(shop: Shop) -> None:
    order_id, _ = a_payable_order(shop)
    shop.provider.pay("pi_1")
    shop.settle(order_id)
    shop.provider.after = [SILENT]
    request = uuid4()
    ask_refund(shop, request, order_id, 990)

    await shop.work()
    shop.pass_time(seconds=1)
    await shop.work()

    assert [r.amount_minor for r in shop.provider.payments["pi_1"].refunds] == [990]
    assert shop.order(order_id)["refunded_minor"] == 990
    assert shop.order(order_id)["status"] == "fulfilled"


async def test_a_refund_that_the_dashboard_made_first_is_recorded_and_the_request_ends(
    shop: Shop,
) -> None:
    order_id, pass_id = a_payable_order(shop)
    shop.provider.pay("pi_1")
    shop.settle(order_id)
    shop.provider.tell("pi_1", refunds=(ProviderRefund("re_dashboard", 1990),))
    ask_refund(shop, uuid4(), order_id, None)

    await shop.work()

    assert shop.order(order_id)["status"] == "refunded"
    assert shop.count("checkout.payment.refunded") == 1
    assert shop.count("checkout.payment.refund_refused") == 1
    assert shop.stock(pass_id) == (1, 0, 0)


async def test_a_refund_that_the_provider_refuses_leaves_the_purchase_as_it_is_and_is_told(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    order_id, _ = a_payable_order(shop)
    shop.provider.pay("pi_1")
    shop.settle(order_id)
    ask_refund(shop, uuid4(), order_id, None)
    shop.provider.kept = [RefundImpossible("insufficient_balance")]

    await shop.work()

    assert shop.order(order_id)["status"] == "fulfilled"
    assert shop.order(order_id)["refund_failure"] == "insufficient_balance"
    assert shop.count("checkout.payment.refund_refused") == 1
    assert "the provider refuses refund" in caplog.text


def test_a_declined_card_leaves_the_order_open_for_another_one(shop: Shop) -> None:
    order_id, _ = a_payable_order(shop)
    shop.provider.tell("pi_1", failure="ch_0", failure_code="insufficient_funds")

    shop.settle(order_id)

    assert shop.order(order_id)["status"] == "open"
    assert shop.order(order_id)["failure_code"] == "insufficient_funds"
    assert secret_of(shop, order_id) == "pi_1_secret"


def test_a_payment_cancelled_elsewhere_is_followed_by_a_new_one(shop: Shop) -> None:
    order_id, _ = a_payable_order(shop)
    shop.provider.tell("pi_1", status=PaymentStatus.CANCELLED)
    shop.settle(order_id)

    shop.ensure(order_id)

    assert secret_of(shop, order_id) is not None
    assert list(shop.provider.payments) == ["pi_1", "pi_2"]


@pytest.mark.parametrize("again", [False, True], ids=["first", "again"])
def test_a_payment_that_names_no_order_of_ours_is_left_alone(
    open_shop: Callable[..., Shop], again: bool
) -> None:
    shop = open_shop()
    order_id, _ = a_payable_order(shop)
    stranger = None if again else uuid4()
    made = shop.provider.payments["pi_1"]
    shop.provider.payments["pi_x"] = replace(made, payment_intent_id="pi_x", order_id=stranger)

    assert shop.charging.follow_hint("pi_x") is None
    assert shop.order(order_id)["status"] == "open"


def ask_refund(shop: Shop, request_id: UUID, order_id: UUID, amount: int | None) -> None:
    shop.store.execute(
        Cause(uuid4()),
        lambda: shop.checkout.refunds.request_refund(request_id, order_id, amount, "creator"),
    )


async def test_the_hold_of_one_who_waited_in_vain_ends_without_asking_the_provider(
    shop: Shop,
) -> None:
    pass_id = shop.offer(terms(stock=2)).pass_id
    room = shop.wait_for_turns(per_s=0.01)
    orders = [shop.buy(pass_id), shop.buy(pass_id)]
    for order_id in orders:
        row = shop.order(order_id)
        room.join(order_id, row["opened_at"], row["held_until"], "a buyer")
    first, second = orders
    await room.turn_within(first, 5)

    shop.pass_time(minutes=10)
    await shop.work()

    assert shop.provider.asked == [f"create order:{first}:1", "get", "cancel"]
    assert shop.order(second)["status"] == "expired"
    assert shop.stock(pass_id) == (2, 0, 0)


async def test_the_end_of_a_hold_waits_for_a_turn_when_the_outcome_is_unknown(shop: Shop) -> None:
    order_id, pass_id = an_order(shop)
    shop.wait_for_turns(per_s=0.01)
    shop.provider.after = [SILENT]
    shop.ensure(order_id)

    shop.pass_time(minutes=10)
    await shop.work()
    row = shop.order(order_id)

    key = f"create order:{order_id}:1"
    assert shop.provider.asked == [key, key, "cancel"]
    assert row["status"] == "expired"
    assert shop.stock(pass_id) == (1, 0, 0)
