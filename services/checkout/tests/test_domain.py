from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.checkout.orders.order import OrderNotOpen
from services.checkout.orders.sale.eligibility import (
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
from services.checkout.stock.seat import Seat, SeatNotHeld, SeatReason
from services.checkout.tests.builders import (
    MINUTE,
    NOON,
    an_offer,
    an_order,
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
def test_ineligible_buyer_is_refused_with_the_reason(
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
def test_terms_that_forbid_the_sale_refuse_it(
    fields: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        refuse_unless_on_sale(Eligibility(an_offer(terms(**fields))), NOON)


def test_open_order_is_no_refusal() -> None:
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
    assert an_offer(terms(**fields)).terms.access_until(NOON) == until


def test_an_order_is_fulfilled_once() -> None:
    order = an_order()
    order.fulfil(NOON)

    with pytest.raises(OrderNotOpen):
        order.fulfil(NOON)


def test_a_fulfilled_order_does_not_expire() -> None:
    order = an_order()
    order.fulfil(NOON)

    with pytest.raises(OrderNotOpen):
        order.expire("hold_expired", NOON)


def a_seat() -> Seat:
    return Seat(uuid4(), uuid4(), SeatReason.ORDER.value, NOON)


def test_a_seat_is_held_sold_and_released_with_its_reasons() -> None:
    seat = a_seat()
    seat.sell(SeatReason.PAID, NOON)
    seat.release(SeatReason.REFUNDED, NOON)

    assert [e.reason for e in seat.collect_events()] == ["order", "paid", "refunded"]


def test_released_seat_must_be_held_before_it_is_sold() -> None:
    seat = a_seat()
    seat.release(SeatReason.HOLD_EXPIRED, NOON)

    with pytest.raises(SeatNotHeld):
        seat.sell(SeatReason.PAID, NOON)
    with pytest.raises(SeatNotHeld):
        seat.release(SeatReason.HOLD_EXPIRED, NOON)
    seat.hold_again(SeatReason.LATE_PAYMENT, NOON)
    seat.sell(SeatReason.PAID, NOON)

    assert seat.state == "sold"
