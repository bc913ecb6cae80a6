from itertools import permutations
from uuid import uuid4

import pytest

from services.checkout.payments.charge import NothingToRefund, RefundExceedsPayment
from services.checkout.payments.payment import Payment
from services.checkout.payments.provider.protocol import (
    MovementKind,
    ProviderMovement,
    ProviderRefund,
)
from services.checkout.payments.refund import (
    fail_refund,
    record_refund,
    refundable_minor,
    refuse_refund,
    request_refund,
    return_whole,
)
from services.checkout.payments.use_cases import knows
from services.checkout.tests.builders import NOON, a_charge, a_payment, events_of


def told(payment: Payment, status: str = "succeeded", **fields: object) -> None:
    payment.apply_provider_state(
        a_payment(payment.order_id, status, **fields), NOON, tells_failures=True
    )


def a_captured_payment() -> Payment:
    payment = a_charge()
    told(payment)
    return payment


def test_each_attempt_of_an_order_is_one_payment() -> None:
    payment = a_charge()

    assert payment.id == Payment.id_of(payment.order_id, 1)
    assert payment.id != Payment.id_of(payment.order_id, 2)


def test_payment_moves_forward_in_any_order_of_webhooks() -> None:
    hints = [
        {"status": "awaiting"},
        {"status": "awaiting", "failure": "ch_0", "failure_code": "generic_decline"},
        {"status": "challenged"},
        {"status": "processing"},
        {"status": "succeeded"},
    ]
    for hinted in permutations(hints):
        payment = a_charge()

        for hint in (*hinted, *hinted):
            told(payment, **hint)

        names = events_of(payment)
        assert names.count("Succeeded") == 1
        assert names.count("IntentCreated") == 1
        assert names.count("Failed") <= 1
        assert payment.state == "succeeded"


def test_refused_charge_is_recorded_once() -> None:
    payment = a_charge()
    first = {"failure": "ch_1", "failure_code": "generic_decline"}
    second = {"failure": "ch_2", "failure_code": "insufficient_funds"}

    for failure in (first, second, first, second):
        told(payment, "awaiting", **failure)

    failed = [e.code for e in payment.collect_events() if isinstance(e, Payment.Failed)]
    assert failed == ["generic_decline", "insufficient_funds"]


def test_refused_charge_of_an_ended_order_is_ignored() -> None:
    payment = a_charge()
    refused = a_payment(payment.order_id, "awaiting", failure="ch_1", failure_code="declined")

    payment.apply_provider_state(refused, NOON, tells_failures=False)

    assert events_of(payment) == ["Requested", "IntentCreated"]


def test_capture_after_a_cancellation_is_recorded() -> None:
    payment = a_charge()
    told(payment, "cancelled")
    was_over = payment.is_over

    told(payment)

    assert was_over
    assert payment.state == "succeeded"


def test_a_payment_that_bought_nothing_is_returned_once() -> None:
    payment = a_captured_payment()

    return_whole(payment, "sold_out", NOON)
    return_whole(payment, "sold_out", NOON)
    record_refund(payment, ProviderRefund("re_1", 1990), NOON)
    record_refund(payment, ProviderRefund("re_1", 1990), NOON)

    names = events_of(payment)
    assert payment.state == "returned"
    assert names.count("RefundRequested") == 1
    assert names.count("Refunded") == 1


def test_parts_return_a_payment_when_all_of_it_is_back() -> None:
    payment = a_captured_payment()
    return_whole(payment, "sold_out", NOON)

    record_refund(payment, ProviderRefund("re_1", 500), NOON)
    partly = payment.state
    record_refund(payment, ProviderRefund("re_2", 1490), NOON)

    assert (partly, payment.state) == ("returning", "returned")


def test_rejected_return_is_due_again() -> None:
    payment = a_captured_payment()
    return_whole(payment, "sold_out", NOON)
    record_refund(payment, ProviderRefund("re_1", 1990), NOON)

    fail_refund(payment, ProviderRefund("re_1", 1990, failure="closed"), NOON)
    again = record_refund(payment, ProviderRefund("re_1", 1990), NOON)

    assert payment.state == "returning"
    assert again is None


def test_partial_refunds_that_sum_up_are_a_full_one() -> None:
    payment = a_captured_payment()
    payment.collect_events()

    record_refund(payment, ProviderRefund("re_1", 990), NOON)
    record_refund(payment, ProviderRefund("re_2", 1000), NOON)

    refunded = [e for e in payment.collect_events() if isinstance(e, Payment.Refunded)]
    assert [e.full for e in refunded] == [False, True]
    assert payment.state == "succeeded"


def test_a_redelivered_refund_is_counted_once() -> None:
    payment = a_captured_payment()

    record_refund(payment, ProviderRefund("re_1", 990), NOON)
    record_refund(payment, ProviderRefund("re_1", 990), NOON)

    assert payment.refunded_minor == 990


def test_failed_refund_no_longer_counts() -> None:
    payment = a_captured_payment()
    record_refund(payment, ProviderRefund("re_1", 990), NOON)

    fail_refund(payment, ProviderRefund("re_1", 990, failure="closed"), NOON)
    record_refund(payment, ProviderRefund("re_1", 990), NOON)

    assert (payment.refunded_minor, refundable_minor(payment)) == (0, 1990)


def test_refund_has_the_teams_purpose_or_the_providers() -> None:
    payment = a_captured_payment()
    asked = uuid4()
    request_refund(payment, asked, 500, "creator", NOON)
    payment.collect_events()

    record_refund(payment, ProviderRefund("re_1", 500, asked), NOON)
    record_refund(payment, ProviderRefund("re_2", 100), NOON)

    refunded = [e for e in payment.collect_events() if isinstance(e, Payment.Refunded)]
    assert [e.purpose for e in refunded] == ["creator", "provider"]


def test_refunds_and_open_requests_stay_within_the_capture() -> None:
    payment = a_captured_payment()
    request_refund(payment, uuid4(), 1500, "creator", NOON)

    with pytest.raises(RefundExceedsPayment):
        request_refund(payment, uuid4(), 491, "creator", NOON)
    request_refund(payment, uuid4(), None, "creator", NOON)
    with pytest.raises(NothingToRefund):
        request_refund(payment, uuid4(), None, "creator", NOON)


def test_a_refused_refund_can_be_asked_for_again() -> None:
    payment = a_captured_payment()
    first = uuid4()
    request_refund(payment, first, None, "creator", NOON)
    refuse_refund(payment, first, "insufficient_balance", NOON)

    request_refund(payment, uuid4(), None, "creator", NOON)

    assert refundable_minor(payment) == 0


def test_uncaptured_payment_has_nothing_to_refund() -> None:
    with pytest.raises(NothingToRefund):
        request_refund(a_charge(), uuid4(), None, "creator", NOON)


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (MovementKind.CAPTURED, False, True),
        (MovementKind.CANCELLED, False, True),
        (MovementKind.RETURNED, False, False),
        (MovementKind.REFUND_FAILED, True, True),
    ],
)
def test_payment_state_tells_whether_a_listed_movement_is_known(
    kind: MovementKind, before: bool, after: bool
) -> None:
    payment = a_charge()
    payment.attach("pi_1", NOON)
    movement = ProviderMovement("x", kind, "pi_1", "re_1", payment.order_id, 1990, "EUR", NOON)

    known_before = knows(payment, movement)
    told(payment)

    assert (known_before, knows(payment, movement)) == (before, after)
