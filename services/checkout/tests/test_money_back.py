"""Money that goes back, by way of faults, refusals and banks that do not take it; PostgreSQL."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest

from libs.runtime.store.cause import Cause
from services.checkout.payments.provider.protocol import (
    PaymentStatus,
    ProviderPayment,
    ProviderRefund,
    ProviderSilent,
    RefundImpossible,
)
from services.checkout.tests.builders import NOON, terms
from services.checkout.tests.conftest import Shop

KEPT_FAULT = ProviderSilent("500", replayed=True)
KEPT_REFUSAL = RefundImpossible("insufficient_balance", replayed=True)


def a_purchase(shop: Shop, stock: int | None = 1, person_id: UUID | None = None) -> UUID:
    """Paid by pi_1; the seat is theirs."""
    order_id = shop.buy(shop.offer(terms(stock=stock)).pass_id, person_id)
    shop.ensure(order_id)
    shop.provider.pay("pi_1")
    shop.settle(order_id)
    return order_id


def a_second_charge(shop: Shop) -> UUID:
    """The purchase was paid once more, by pi_2, which buys nothing and has to go back."""
    order_id = a_purchase(shop)
    second = replace(
        shop.provider.payments["pi_1"], payment_intent_id="pi_2", attempt=2, charge_id="ch_2"
    )
    shop.provider.payments["pi_2"] = second
    shop.provider.made_at["pi_2"] = shop.provider.made_at["ch_2"] = NOON
    shop.settle_again("pi_2")
    return order_id


def ask_refund(shop: Shop, order_id: UUID, amount_minor: int | None = None) -> None:
    request_id = uuid4()
    shop.store.execute(
        Cause(uuid4()),
        lambda: shop.checkout.refunds.request_refund(request_id, order_id, amount_minor, "creator"),
    )


def settle(shop: Shop, payment: ProviderPayment) -> None:
    order_id = payment.order_id
    assert order_id is not None
    shop.store.work(
        shop.cause(), lambda: shop.checkout.orders.apply_provider_state(order_id, payment)
    )


def state_of(shop: Shop, intent: str) -> str:
    row = shop.row("SELECT state FROM payment_list WHERE payment_intent_id = %s", intent)
    return str(row["state"])


def refunds_asked(shop: Shop) -> list[str]:
    return [asked for asked in shop.provider.asked if asked.startswith("refund")]


def money(shop: Shop) -> set[tuple[str, str, int]]:
    rows = shop.rows("SELECT movement_id, kind, amount_minor FROM money_list")
    return {(row["movement_id"], row["kind"], row["amount_minor"]) for row in rows}


async def pass_minutes(shop: Shop, minutes: int) -> None:
    for _ in range(minutes):
        shop.pass_time(minutes=1)
        await shop.work()


# Faults and refusals that a key goes on giving for a day


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
async def test_a_return_that_met_a_fault_which_its_key_repeats_is_over_within_fifteen_minutes(
    shop: Shop, done: bool
) -> None:
    a_second_charge(shop)
    (shop.provider.kept_after if done else shop.provider.kept).append(KEPT_FAULT)

    await shop.work()
    await pass_minutes(shop, 15)

    assert state_of(shop, "pi_2") == "returned"
    assert [r.amount_minor for r in shop.provider.payments["pi_2"].refunds] == [1990]
    assert shop.returns() == 1


async def test_a_return_is_tried_with_fresh_keys_and_longer_pauses_for_as_long_as_it_takes(
    shop: Shop,
) -> None:
    a_second_charge(shop)
    shop.provider.kept = [KEPT_FAULT] * 5 + [KEPT_REFUSAL, RefundImpossible("no_balance")]

    await shop.work()
    await pass_minutes(shop, 15)

    asked = refunds_asked(shop)
    assert len(asked) == len(set(asked)) == 8
    assert asked[:2] == ["refund return:pi_2", "refund return:pi_2:0:1"]
    assert state_of(shop, "pi_2") == "returned"


async def test_a_return_that_somebody_made_by_hand_is_not_asked_for(shop: Shop) -> None:
    a_second_charge(shop)
    parts = (ProviderRefund("re_hand_1", 990), ProviderRefund("re_hand_2", 1000))
    shop.provider.tell("pi_2", refunds=parts)

    await shop.work()

    assert refunds_asked(shop) == []
    assert state_of(shop, "pi_2") == "returned"


@pytest.mark.parametrize("answer", [KEPT_FAULT, KEPT_REFUSAL], ids=["fault", "refusal"])
@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
async def test_a_part_that_met_an_answer_which_its_key_repeats_goes_back_once(
    shop: Shop, done: bool, answer: Exception
) -> None:
    order_id = a_purchase(shop)
    ask_refund(shop, order_id, 500)
    (shop.provider.kept_after if done else shop.provider.kept).append(answer)

    await shop.work()
    await pass_minutes(shop, 15)

    assert [r.amount_minor for r in shop.provider.payments["pi_1"].refunds] == [500]
    assert shop.order(order_id)["refunded_minor"] == 500
    assert shop.count("checkout.payment.refund_refused") == 0


async def test_without_asking_for_the_refund_first_the_part_would_go_back_twice(shop: Shop) -> None:
    """The protection switched off: who asks gets an old copy of the payment."""
    order_id = a_purchase(shop)
    before = shop.provider.payments["pi_1"]
    ask_refund(shop, order_id, 500)
    shop.provider.kept_after = [KEPT_FAULT]
    shop.provider.get = lambda _: before

    await shop.work()
    await pass_minutes(shop, 15)

    assert [r.amount_minor for r in shop.provider.payments["pi_1"].refunds] == [500, 500]


# Banks that do not take it


async def test_a_return_that_the_bank_did_not_take_is_sent_again_later_each_time(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    order_id = a_second_charge(shop)
    await shop.work()
    waited = []
    for _ in range(3):
        (refund,) = shop.provider.payments["pi_2"].refunds
        shop.provider.fail_refund("pi_2", refund.refund_id)
        shop.settle_again("pi_2")
        shop.settle_again("pi_2")
        assert state_of(shop, "pi_2") == "returning"
        (entry,) = shop.rows("SELECT due_at FROM schedule WHERE kind = 'return_payment'")
        waited.append(entry["due_at"] - shop.clock.now())
        shop.pass_time(seconds=waited[-1].total_seconds())
        await shop.work()
        assert state_of(shop, "pi_2") == "returned"

    assert waited == [timedelta(minutes=5 * factor) for factor in (1, 4, 16)]
    assert len(set(refunds_asked(shop))) == 4
    assert shop.returns() == 4
    assert "the bank rejected" in caplog.text
    assert shop.order(order_id)["status"] == "fulfilled"
    (last,) = shop.provider.payments["pi_2"].refunds
    assert money(shop) == {
        ("pi_1", "captured", 1990),
        ("pi_2", "captured", 1990),
        (last.refund_id, "returned", 1990),
    }


async def test_a_return_that_fails_at_once_is_not_called_returned(shop: Shop) -> None:
    a_second_charge(shop)
    shop.provider.failing_at_once = True

    await shop.work()
    at_first = state_of(shop, "pi_2")
    shop.provider.failing_at_once = False
    await pass_minutes(shop, 5)

    assert at_first == "returning"
    assert state_of(shop, "pi_2") == "returned"
    assert shop.returns() == 1


async def test_a_failed_refund_of_a_purchase_gives_the_pass_and_its_seat_again(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    order_id = a_purchase(shop)
    pass_id = shop.order(order_id)["pass_id"]
    ask_refund(shop, order_id)
    await shop.work()
    refunded = shop.order(order_id)["status"], shop.stock(pass_id)
    (refund,) = shop.provider.payments["pi_1"].refunds

    shop.provider.fail_refund("pi_1", refund.refund_id)
    for _ in range(2):
        shop.settle_again("pi_1")

    row = shop.order(order_id)
    assert refunded == ("refunded", (1, 0, 0))
    assert (row["status"], row["refunded_minor"]) == ("fulfilled", 0)
    assert row["refund_failure"] == "expired_or_canceled_card"
    assert shop.stock(pass_id) == (1, 0, 1)
    assert shop.count("checkout.payment.refund_failed") == 1
    assert "the bank rejected refund" in caplog.text
    assert money(shop) == {("pi_1", "captured", 1990)}
    ask_refund(shop, order_id)
    await shop.work()
    assert shop.order(order_id)["status"] == "refunded"
    assert shop.order(order_id)["refund_failure"] is None


async def test_when_the_seat_is_gone_a_failed_refund_is_sent_again_and_no_pass_is_given(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    order_id = a_purchase(shop)
    pass_id = shop.order(order_id)["pass_id"]
    ask_refund(shop, order_id)
    await shop.work()
    shop.buy(pass_id)
    (refund,) = shop.provider.payments["pi_1"].refunds
    shop.provider.fail_refund("pi_1", refund.refund_id)
    shop.settle_again("pi_1")
    between = shop.order(order_id)
    shop.provider.kept = [RefundImpossible("insufficient_balance")]

    await pass_minutes(shop, 6)

    assert (between["status"], between["refunded_minor"]) == ("refunded", 0)
    assert "the membership can't be restored" in caplog.text
    assert len(shop.provider.payments["pi_1"].refunds) == 1
    assert shop.order(order_id)["refunded_minor"] == 1990
    assert shop.order(order_id)["status"] == "refunded"
    assert shop.stock(pass_id)[2] == 0


async def test_who_has_bought_the_pass_anew_does_not_get_the_refunded_one_as_well(
    shop: Shop,
) -> None:
    person_id = uuid4()
    order_id = a_purchase(shop, 5, person_id)
    ask_refund(shop, order_id)
    await shop.work()
    anew = shop.buy(shop.order(order_id)["pass_id"], person_id)
    shop.ensure(anew)
    for intent in shop.provider.payments:
        shop.provider.pay(intent)
    shop.settle(anew)
    (refund,) = shop.provider.payments["pi_1"].refunds

    shop.provider.fail_refund("pi_1", refund.refund_id)
    shop.settle_again("pi_1")
    await pass_minutes(shop, 6)

    assert shop.order(anew)["status"] == "fulfilled"
    assert shop.order(order_id)["status"] == "refunded"
    assert shop.order(order_id)["refunded_minor"] == 1990


async def test_of_two_parts_one_that_fails_leaves_the_other(shop: Shop) -> None:
    order_id = a_purchase(shop)
    parts = (ProviderRefund("re_1", 990), ProviderRefund("re_2", 1000))
    shop.provider.tell("pi_1", refunds=parts)
    shop.settle_again("pi_1")
    shop.provider.fail_refund("pi_1", "re_1")

    shop.settle_again("pi_1")

    row = shop.order(order_id)
    assert (row["status"], row["refunded_minor"]) == ("fulfilled", 1000)


async def test_a_refund_that_the_team_asked_for_and_that_fails_at_once_ends_the_request(
    shop: Shop,
) -> None:
    order_id = a_purchase(shop)
    ask_refund(shop, order_id, 500)
    shop.provider.failing_at_once = True

    await shop.work()

    row = shop.order(order_id)
    assert (row["status"], row["refunded_minor"]) == ("fulfilled", 0)
    assert row["refund_failure"] == "expired_or_canceled_card"
    assert shop.rows("SELECT 1 FROM schedule WHERE kind = 'refund'") == []


def what_was_seen(paid: ProviderPayment) -> list[ProviderPayment]:
    """A payment as it stood one after the other: paid, refunded, failed, refunded by another."""
    first, second = ProviderRefund("re_1", 1990), ProviderRefund("re_2", 1990)
    failed = replace(first, failure="lost_or_stolen_card")
    return [
        paid,
        replace(paid, refunds=(first,)),
        replace(paid, failed_refunds=(failed,)),
        replace(paid, refunds=(second,), failed_refunds=(failed,)),
    ]


@pytest.mark.parametrize("second_charge", [False, True], ids=["purchase", "second charge"])
def test_in_whatever_order_a_payments_refunds_are_heard_of_the_end_is_the_same(
    shop: Shop, second_charge: bool
) -> None:
    ends = set()
    for told in permutations(range(4)):
        order_id = shop.buy(shop.offer(terms(stock=1)).pass_id)
        bought = ProviderPayment(f"pi_{order_id}", PaymentStatus.SUCCEEDED, 1990, "EUR", order_id)
        other = replace(bought, payment_intent_id=f"pi_other_{order_id}", attempt=2)
        settle(shop, bought)
        seen = what_was_seen(other if second_charge else bought)

        for which in (*told, *told):
            settle(shop, seen[which])

        row = shop.order(order_id)
        kept = shop.rows(
            "SELECT kind, amount_minor FROM money_list WHERE order_id = %s ORDER BY 1", order_id
        )
        states = shop.rows(
            "SELECT state FROM payment_list WHERE order_id = %s ORDER BY attempt", order_id
        )
        ends.add(
            (
                row["status"],
                row["refunded_minor"],
                shop.stock(row["pass_id"]),
                *(each["kind"] for each in kept),
                *(each["state"] for each in states),
            )
        )

    assert ends == {
        ("fulfilled", 0, (1, 0, 1), "captured", "captured", "returned", "succeeded", "returned")
        if second_charge
        else ("refunded", 1990, (1, 0, 0), "captured", "refunded", "succeeded")
    }


# Payments that are late


async def test_what_could_not_be_cancelled_is_looked_at_until_it_is_decided(shop: Shop) -> None:
    order_id = shop.buy(shop.offer(terms(stock=1)).pass_id)
    shop.ensure(order_id)
    cancel = shop.provider.cancel
    # Between the look and the cancellation the buyer confirmed a debit.
    shop.provider.cancel = lambda intent: shop.provider.tell(
        intent, status=PaymentStatus.PROCESSING
    )
    shop.pass_time(minutes=10)
    await shop.work()
    expired = shop.order(order_id)["status"]
    await pass_minutes(shop, 60)
    shop.provider.cancel = cancel
    shop.provider.pay("pi_1")

    await pass_minutes(shop, 5)

    assert expired == "expired"
    assert shop.order(order_id)["status"] == "fulfilled"
    assert shop.rows("SELECT kind FROM schedule") == []


async def test_a_debit_that_failed_after_the_hold_is_cancelled(shop: Shop) -> None:
    order_id = shop.buy(shop.offer(terms(stock=1)).pass_id)
    shop.ensure(order_id)
    cancel = shop.provider.cancel
    shop.provider.cancel = lambda intent: shop.provider.tell(
        intent, status=PaymentStatus.PROCESSING
    )
    shop.pass_time(minutes=10)
    await shop.work()
    shop.provider.cancel = cancel
    shop.provider.tell("pi_1", status=PaymentStatus.AWAITING, failure="ch_0", failure_code="debit")

    await pass_minutes(shop, 10)

    assert shop.provider.payments["pi_1"].status is PaymentStatus.CANCELLED
    assert shop.order(order_id)["status"] == "expired"
    assert shop.rows("SELECT kind FROM schedule") == []


async def test_a_success_that_comes_when_the_pass_is_over_goes_back(shop: Shop) -> None:
    over = NOON + timedelta(minutes=15)
    order_id = shop.buy(shop.offer(terms(stock=1, auto_expire_at=over)).pass_id)
    shop.ensure(order_id)
    shop.provider.tell("pi_1", status=PaymentStatus.PROCESSING)
    await pass_minutes(shop, 30)
    shop.provider.pay("pi_1")

    await pass_minutes(shop, 10)

    assert shop.order(order_id)["status"] == "returned"
    assert [r.amount_minor for r in shop.provider.payments["pi_1"].refunds] == [1990]
    (told,) = shop.rows(
        "SELECT convert_from(state, 'UTF8')::jsonb ->> 'purpose' AS cause FROM events"
        " WHERE topic = 'checkout.payment.refunded'"
    )
    assert told["cause"] == "too_late"


def test_a_hint_about_a_payment_that_the_provider_does_not_know_is_not_ours(shop: Shop) -> None:
    assert shop.charging.follow_hint("pi_of_another_account") is None
