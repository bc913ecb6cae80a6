from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest

from services.checkout.orders.eligibility import (
    AlreadyOwned,
    Banned,
    Eligibility,
    NotYetOnSale,
    OwnSpace,
    PassNotForSale,
    RecurringNotAvailable,
    SaleEnded,
    WaitlistOnly,
    refuse_unless_on_sale,
)
from services.checkout.orders.states import OrderStatus
from services.checkout.payments.payment import NothingToRefund, OrderNotOpen, RefundExceedsPayment
from services.checkout.payments.provider import ProviderRefund
from services.checkout.stock.seat import Seat, SeatNotHeld, SeatReason
from services.checkout.tests.builders import (
    MINUTE,
    NOON,
    a_payment,
    an_offer,
    an_order,
    events_of,
    terms,
)


@pytest.mark.parametrize(
    ("eligibility", "refusal"),
    [
        ({"archived": True}, PassNotForSale),
        ({"on_team": True}, OwnSpace),
        ({"banned": True}, Banned),
        ({"banned": True, "owned_order_id": uuid4()}, Banned),
        ({"banned": True, "open_order_id": uuid4()}, Banned),
        ({"owned_order_id": uuid4()}, AlreadyOwned),
    ],
)
def test_who_stands_badly_to_a_pass_is_told_why(
    eligibility: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        refuse_unless_on_sale(Eligibility(an_offer(), **eligibility), NOON)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"sale_starts_at": NOON + MINUTE}, NotYetOnSale),
        ({"sale_ends_at": NOON}, SaleEnded),
        ({"auto_expire_at": NOON}, SaleEnded),
        ({"waitlist": True}, WaitlistOnly),
        ({"pricing_type": "recurring", "billing_period": "monthly"}, RecurringNotAvailable),
    ],
)
def test_terms_that_forbid_the_sale_now_are_told(
    fields: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        refuse_unless_on_sale(Eligibility(an_offer(terms(**fields))), NOON)


def test_an_open_order_is_no_refusal_since_it_is_given_again() -> None:
    eligibility = Eligibility(an_offer(), open_order_id=uuid4())

    refuse_unless_on_sale(eligibility, NOON)


def test_the_first_charge_is_the_initial_fee_and_the_price() -> None:
    assert an_offer(terms(initial_fee_minor=500)).terms.total_minor == 2490


@pytest.mark.parametrize(
    ("fields", "until"),
    [
        ({}, None),
        ({"expires_after_days": 30}, NOON + timedelta(days=30)),
        ({"auto_expire_at": NOON + 5 * MINUTE}, NOON + 5 * MINUTE),
        ({"expires_after_days": 1, "auto_expire_at": NOON + MINUTE}, NOON + MINUTE),
    ],
)
def test_a_pass_ends_at_the_earlier_of_its_two_ends(fields: dict[str, Any], until: Any) -> None:
    assert an_offer(terms(**fields)).terms.granted_until(NOON) == until


def test_a_payment_is_intended_once_and_named_by_order_and_attempt() -> None:
    order = an_order()

    order.request_payment(NOON)
    order.request_payment(NOON)

    requested = order.collect_events()[1:]
    assert [e.idempotency_key for e in requested] == [f"order:{order.id}:1"]


def test_after_a_cancelled_payment_another_one_can_be_intended() -> None:
    order = an_order()
    order.request_payment(NOON)
    order.apply_provider_state(a_payment(order, "cancelled"), NOON)

    order.request_payment(NOON)

    assert order.attempt == 2


def test_a_payment_moves_forward_whatever_the_order_of_the_hints() -> None:
    hints = [
        {"status": "awaiting"},
        {"status": "awaiting", "failure": "ch_0", "failure_code": "generic_decline"},
        {"status": "challenged"},
        {"status": "processing"},
        {"status": "succeeded"},
    ]
    for told in permutations(hints):
        order = an_order()
        order.request_payment(NOON)

        for hint in (*told, *told):
            order.apply_provider_state(a_payment(order, **hint), NOON)

        names = events_of(order)
        assert names.count("PaymentSucceeded") == 1
        assert names.count("PaymentIntentCreated") == 1
        assert names.count("PaymentFailed") <= 1
        assert order.payments == {"pi_1": "succeeded"}


def test_each_refused_charge_is_told_once_even_if_heard_of_late() -> None:
    order = an_order()
    first = a_payment(order, "awaiting", failure="ch_1", failure_code="generic_decline")
    second = a_payment(order, "awaiting", failure="ch_2", failure_code="insufficient_funds")

    for told in (first, second, first, second):
        order.apply_provider_state(told, NOON)

    failed = [e.code for e in order.collect_events() if type(e).__name__ == "PaymentFailed"]
    assert failed == ["generic_decline", "insufficient_funds"]


def test_money_that_comes_after_a_cancellation_is_still_seen() -> None:
    order = an_order()
    order.apply_provider_state(a_payment(order, "cancelled"), NOON)

    order.apply_provider_state(a_payment(order, "succeeded"), NOON)

    assert order.payments == {"pi_1": "succeeded"}


def test_an_order_is_fulfilled_once() -> None:
    order = an_order()
    order.fulfil("pi_1", NOON)

    with pytest.raises(OrderNotOpen):
        order.fulfil("pi_2", NOON)


def test_a_fulfilled_order_does_not_expire() -> None:
    order = an_order()
    order.fulfil("pi_1", NOON)

    with pytest.raises(OrderNotOpen):
        order.expire("hold_expired", NOON)


def test_an_expired_order_whose_payment_came_back_is_returned() -> None:
    order = an_order()
    order.expire("hold_expired", NOON)
    order.apply_provider_state(a_payment(order), NOON)

    order.request_return("pi_1", "sold_out", NOON)
    order.request_return("pi_1", "sold_out", NOON)
    order.record_return("pi_1", "re_1", NOON)
    order.record_return("pi_1", "re_1", NOON)

    names = events_of(order)
    assert order.status == OrderStatus.RETURNED
    assert names.count("ReturnRequested") == 1
    assert names.count("PaymentReturned") == 1


def a_paid_order() -> Any:
    order = an_order()
    order.apply_provider_state(a_payment(order), NOON)
    order.fulfil("pi_1", NOON)
    return order


def test_partial_refunds_that_sum_up_are_a_full_one() -> None:
    order = a_paid_order()
    order.collect_events()

    order.record_refund(ProviderRefund("re_1", 990), NOON)
    order.record_refund(ProviderRefund("re_2", 1000), NOON)

    assert [e.full for e in order.collect_events()] == [False, True]
    assert order.status == OrderStatus.REFUNDED


def test_a_refund_told_twice_is_counted_once() -> None:
    order = a_paid_order()

    order.record_refund(ProviderRefund("re_1", 990), NOON)
    order.record_refund(ProviderRefund("re_1", 990), NOON)

    assert order.refunded_minor == 990


def test_a_refund_keeps_the_cause_of_the_team_and_a_foreign_one_is_the_providers() -> None:
    order = a_paid_order()
    asked = uuid4()
    order.request_refund(asked, 500, "creator", NOON)
    order.collect_events()

    order.record_refund(ProviderRefund("re_1", 500, asked), NOON)
    order.record_refund(ProviderRefund("re_2", 100), NOON)

    assert [e.cause for e in order.collect_events()] == ["creator", "provider"]


def test_no_more_goes_back_than_was_paid_requests_on_their_way_counted() -> None:
    order = a_paid_order()
    order.request_refund(uuid4(), 1500, "creator", NOON)

    with pytest.raises(RefundExceedsPayment):
        order.request_refund(uuid4(), 491, "creator", NOON)
    order.request_refund(uuid4(), None, "creator", NOON)
    with pytest.raises(NothingToRefund):
        order.request_refund(uuid4(), None, "creator", NOON)


def test_a_refused_refund_can_be_asked_for_again() -> None:
    order = a_paid_order()
    first = uuid4()
    order.request_refund(first, None, "creator", NOON)
    order.refuse_refund(first, "insufficient_balance", NOON)

    order.request_refund(uuid4(), None, "creator", NOON)

    assert order.refundable_minor == 0


def test_an_unpaid_order_has_nothing_to_refund() -> None:
    with pytest.raises(NothingToRefund):
        an_order().request_refund(uuid4(), None, "creator", NOON)


def a_seat() -> Seat:
    return Seat(uuid4(), uuid4(), SeatReason.ORDER.value, NOON)


def test_a_seat_is_held_sold_and_released_with_its_reasons() -> None:
    seat = a_seat()
    seat.sell(SeatReason.PAID, NOON)
    seat.release(SeatReason.REFUNDED, NOON)

    assert [e.reason for e in seat.collect_events()] == ["order", "paid", "refunded"]


def test_a_released_seat_is_sold_only_after_it_was_taken_again() -> None:
    seat = a_seat()
    seat.release(SeatReason.HOLD_EXPIRED, NOON)

    with pytest.raises(SeatNotHeld):
        seat.sell(SeatReason.PAID, NOON)
    with pytest.raises(SeatNotHeld):
        seat.release(SeatReason.HOLD_EXPIRED, NOON)
    seat.hold_again(SeatReason.LATE_PAYMENT, NOON)
    seat.sell(SeatReason.PAID, NOON)

    assert seat.state == "sold"
