from uuid import UUID, uuid4

from libs.events.checkout import (
    EndCause,
    MembershipChanged,
    MembershipEnded,
    MembershipState,
    OrderExpired,
    OrderOpened,
    PassPurchased,
    PaymentFailed,
    PaymentReturned,
    PurchaseRefunded,
    RefundFailed,
)
from services.checkout.memberships.membership import Membership
from services.checkout.payments.provider.protocol import ProviderRefund
from services.checkout.publishing import to_contract
from services.checkout.tests.builders import MINUTE, NOON, Shop, a_payment, terms


def published(shop: Shop, order_id: UUID) -> list[object]:
    """What is told of an order, its payments and its membership, in the order of the log."""
    payments = (payment.id for payment in shop.checkout.payments.all_of(order_id))
    ids = {order_id, Membership.create_id(order_id), *payments}
    stored = shop.checkout.recorder.select_notifications(None, 10_000)
    events = [shop.checkout.mapper.to_domain_event(n) for n in stored if n.originator_id in ids]
    told = [to_contract(event) for event in events]
    return [contract for contract in told if contract is not None]


def test_purchase_event_has_everything_that_consumers_need() -> None:
    shop = Shop()
    pass_id = shop.offer(terms(expires_after_days=30, redirect_url="https://example.org/hi"))
    person_id = uuid4()
    order_id = shop.buy(pass_id, person_id)

    shop.checkout.orders.apply_provider_state(order_id, a_payment(order_id))

    opened, purchased = published(shop, order_id)
    offer = shop.reads.offers[pass_id]
    assert isinstance(opened, OrderOpened)
    assert isinstance(purchased, PassPurchased)
    assert purchased.membership_id == shop.membership(order_id).id
    assert (purchased.order_id, purchased.person_id) == (order_id, person_id)
    assert purchased.experience_ids == offer.experience_ids
    assert purchased.pass_version_id == offer.version_id
    assert (purchased.total_minor, purchased.currency, purchased.currency_exponent) == (
        1990,
        "EUR",
        2,
    )
    assert purchased.access_until == NOON + 30 * 24 * 60 * MINUTE
    assert purchased.redirect_url == "https://example.org/hi"


def test_failures_expiry_returns_and_refunds_are_announced() -> None:
    shop = Shop()
    pass_id = shop.offer(seats=1)
    late = shop.buy(pass_id)
    declined = a_payment(late, "awaiting", failure="ch_0", failure_code="generic_decline")
    shop.checkout.orders.apply_provider_state(late, declined)
    shop.clock.advance(10 * MINUTE)
    shop.checkout.orders.close_order(late)
    second = shop.buy(pass_id)
    shop.checkout.orders.apply_provider_state(second, a_payment(second, payment_intent_id="pi_2"))
    shop.checkout.orders.apply_provider_state(late, a_payment(late))
    shop.checkout.payments.record_return(late, "pi_1", ProviderRefund("re_1", 1990))
    shop.checkout.refunds.record_refund(second, ProviderRefund("re_2", 1990))

    kinds = [type(c) for c in published(shop, late)]
    assert kinds == [OrderOpened, PaymentFailed, OrderExpired, PaymentReturned]
    assert [type(c) for c in published(shop, second)] == [
        OrderOpened,
        PassPurchased,
        MembershipEnded,
        PurchaseRefunded,
    ]


def test_failed_refund_is_announced_if_the_refund_was() -> None:
    shop = Shop()
    told, untold = shop.buy(shop.offer(seats=1)), shop.buy(shop.offer(seats=1))
    for order_id in (told, untold):
        shop.checkout.orders.apply_provider_state(order_id, a_payment(order_id))
    shop.checkout.refunds.record_refund(told, ProviderRefund("re_1", 1990))

    for order_id in (told, untold):
        shop.checkout.refunds.record_refund(
            order_id, ProviderRefund("re_1", 1990, failure="unknown")
        )

    *_, ended, refunded, changed, failed = published(shop, told)
    assert isinstance(refunded, PurchaseRefunded)
    assert isinstance(ended, MembershipEnded)
    assert isinstance(failed, RefundFailed)
    assert (failed.amount_minor, failed.stands_again) == (1990, True)
    assert isinstance(changed, MembershipChanged)
    assert (ended.cause, changed.state) == (EndCause.REFUNDED, MembershipState.ACTIVE)
    assert changed.membership_id == ended.membership_id == shop.membership(told).id
    assert changed.experience_ids == ended.experience_ids != ()
    assert [type(c) for c in published(shop, untold)] == [OrderOpened, PassPurchased]


def test_repeated_return_is_announced_again() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer(seats=1))
    shop.checkout.orders.apply_provider_state(
        order_id, a_payment(order_id, amount_minor=1, currency="JPY")
    )

    for refund_id in ("re_1", "re_2"):
        shop.checkout.payments.record_return(order_id, "pi_1", ProviderRefund(refund_id, 1))
        failed = ProviderRefund(refund_id, 1, failure="unknown")
        shop.checkout.orders.apply_provider_state(
            order_id,
            a_payment(order_id, amount_minor=1, currency="JPY", failed_refunds=(failed,)),
        )

    returned = [c for c in published(shop, order_id) if isinstance(c, PaymentReturned)]
    assert [(c.amount_minor, c.currency, c.currency_exponent) for c in returned] == [
        (1, "JPY", 0)
    ] * 2


def test_no_secret_of_a_payment_is_in_any_event() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer())
    payment = a_payment(order_id, client_secret="pi_1_secret_canary")
    shop.checkout.orders.attach_payment(order_id, payment)
    shop.checkout.orders.apply_provider_state(order_id, payment)

    stored = shop.checkout.recorder.select_notifications(None, 10_000)

    assert not [n for n in stored if b"canary" in n.state]
    assert "canary" not in repr(payment)
