"""Our payments over the wire: the official SDK against the stand-in of Stripe's API."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.runtime.store.cause import Cause
from services.checkout.payments.provider.protocol import (
    Listing,
    MovementKind,
    PaymentImpossible,
    PaymentRequest,
    PaymentStatus,
    PaymentUnknown,
    ProviderSilent,
    RefundImpossible,
    RefundRequest,
)
from services.checkout.payments.provider.stripe import StripePayments
from services.checkout.stock.inventory import SoldOut
from services.checkout.tests.builders import MINUTE, terms
from services.checkout.tests.conftest import Shop
from services.checkout.tests.stand_in import SECRET_KEY, StandIn, free_port, running_stand_in

pytestmark = pytest.mark.own_server


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with running_stand_in(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def sandbox(process: StandIn) -> Iterator[StandIn]:
    yield process
    process.behave()


@pytest.fixture
def payments(sandbox: StandIn) -> StripePayments:
    return StripePayments(SECRET_KEY, sandbox.url)


def a_request(**fields: Any) -> PaymentRequest:
    given: dict[str, Any] = {
        "order_id": uuid4(),
        "person_id": uuid4(),
        "attempt": 1,
        "idempotency_key": f"order:{uuid4()}:1",
        "amount_minor": 1990,
        "currency": "EUR",
        "description": "The Studio: Season pass",
    }
    return PaymentRequest(**(given | fields))


def test_payment_is_made_once_per_key(
    payments: StripePayments,
) -> None:
    asked = a_request()

    first, again = payments.create(asked), payments.create(asked)

    assert first == again
    assert first.status is PaymentStatus.AWAITING
    assert (first.amount_minor, first.currency) == (1990, "EUR")
    assert (first.order_id, first.attempt) == (asked.order_id, 1)
    assert first.client_secret is not None
    assert payments.find(asked.order_id, 1) == first
    assert payments.find(asked.order_id, 2) is None


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 1500), ("KWD", 1500), ("EUR", 50)])
def test_amounts_are_in_the_smallest_unit_of_each_currency(
    payments: StripePayments, currency: str, amount: int
) -> None:
    made = payments.create(a_request(currency=currency, amount_minor=amount))

    assert (made.amount_minor, made.currency) == (amount, currency)


def test_paid_payment_is_refunded_in_parts(sandbox: StandIn, payments: StripePayments) -> None:
    made = payments.create(a_request())
    sandbox.pay(made.client_secret)
    request_id = uuid4()
    part = RefundRequest(uuid4(), made.payment_intent_id, f"refund:{request_id}", 990, request_id)

    first, again = payments.refund(part), payments.refund(part)
    rest = payments.refund(RefundRequest(uuid4(), made.payment_intent_id, f"refund:{uuid4()}"))
    seen = payments.get(made.payment_intent_id)

    assert seen.status is PaymentStatus.SUCCEEDED
    assert seen.charge_id is not None
    assert first == again
    assert (first.amount_minor, first.request_id, rest.amount_minor) == (990, request_id, 1000)
    assert {r.refund_id for r in seen.refunds} == {first.refund_id, rest.refund_id}
    with pytest.raises(RefundImpossible) as refused:
        payments.refund(RefundRequest(uuid4(), made.payment_intent_id, f"refund:{uuid4()}"))
    assert refused.value.code == "charge_already_refunded"


def test_later_failed_refund_differs_from_successful_ones(
    sandbox: StandIn, payments: StripePayments
) -> None:
    made = payments.create(a_request())
    sandbox.pay(made.client_secret)
    request_id = uuid4()
    intent = made.payment_intent_id
    failing = payments.refund(RefundRequest(uuid4(), intent, f"a {uuid4()}", 990, request_id))
    other = payments.refund(RefundRequest(uuid4(), intent, f"b {uuid4()}", 500))

    sandbox.fail_refund(failing.refund_id)
    seen = payments.get(intent)

    assert (failing.failure, other.failure) == (None, None)
    assert seen.refunds == (other,)
    (failed,) = seen.failed_refunds
    assert (failed.refund_id, failed.request_id) == (failing.refund_id, request_id)
    assert failed.failure == "expired_or_canceled_card"


def test_all_refunds_are_seen_the_oldest_first(sandbox: StandIn, payments: StripePayments) -> None:
    made = payments.create(a_request())
    sandbox.pay(made.client_secret)
    intent = made.payment_intent_id

    parts = [payments.refund(RefundRequest(uuid4(), intent, str(uuid4()), 10)) for _ in range(12)]

    assert payments.get(intent).refunds == tuple(parts)


def test_replayed_faults_and_refusals_are_marked(
    sandbox: StandIn, payments: StripePayments
) -> None:
    made = payments.create(a_request())
    sandbox.pay(made.client_secret)
    asked = RefundRequest(uuid4(), made.payment_intent_id, str(uuid4()), 5000)
    with pytest.raises(RefundImpossible) as at_first:
        payments.refund(asked)

    with pytest.raises(RefundImpossible) as again:
        payments.refund(asked)
    sandbox.misbehave(kind="fail_after", path="/v1/refunds", times=1)
    key = str(uuid4())
    with pytest.raises(ProviderSilent) as fault:
        payments.refund(RefundRequest(uuid4(), made.payment_intent_id, key))
    with pytest.raises(ProviderSilent) as other_request:
        payments.refund(RefundRequest(uuid4(), made.payment_intent_id, key, 5))

    assert (at_first.value.replayed, again.value.replayed) == (False, True)
    assert again.value.code == "amount_too_large"
    assert fault.value.replayed
    assert other_request.value.replayed


def test_an_id_that_stripe_does_not_know_is_an_unknown_payment(payments: StripePayments) -> None:
    with pytest.raises(PaymentUnknown):
        payments.get("pi_of_another_account")


@pytest.mark.parametrize("attempt", ["two", "-1", "9" * 30, "²"])
def test_metadata_that_somebody_has_edited_does_not_stop_us(
    sandbox: StandIn, payments: StripePayments, attempt: str
) -> None:
    made = payments.create(a_request())

    metadata = {"order_id": "mine", "attempt": attempt}
    sandbox.client().v1.payment_intents.update(made.payment_intent_id, {"metadata": metadata})

    seen = payments.get(made.payment_intent_id)
    assert (seen.order_id, seen.attempt) == (None, 1)


def test_declined_card_is_reported_with_code_and_charge(
    sandbox: StandIn, payments: StripePayments
) -> None:
    made = payments.create(a_request())
    sandbox.pay(made.client_secret, "declined")

    seen = payments.get(made.payment_intent_id)

    assert seen.status is PaymentStatus.AWAITING
    assert seen.failure_code == "insufficient_funds"
    assert seen.failure is not None
    assert seen.failure.startswith("ch_")


def test_3_d_secure_counts_as_in_flight(sandbox: StandIn, payments: StripePayments) -> None:
    made = payments.create(a_request())
    sandbox.pay(made.client_secret, "challenged")

    assert payments.get(made.payment_intent_id).status is PaymentStatus.CHALLENGED


def test_cancelled_payment_is_unpayable_and_paid_one_uncancellable(
    sandbox: StandIn, payments: StripePayments
) -> None:
    cancelled, paid = payments.create(a_request()), payments.create(a_request())
    sandbox.pay(paid.client_secret)

    assert payments.cancel(cancelled.payment_intent_id).status is PaymentStatus.CANCELLED
    assert payments.cancel(cancelled.payment_intent_id).status is PaymentStatus.CANCELLED
    assert payments.cancel(paid.payment_intent_id).status is PaymentStatus.SUCCEEDED
    assert sandbox.pay(cancelled.client_secret).status_code == 400


def test_too_small_an_amount_is_impossible(payments: StripePayments) -> None:
    with pytest.raises(PaymentImpossible) as refused:
        payments.create(a_request(amount_minor=1))

    assert refused.value.code == "amount_too_small"


def test_wrong_key_and_unreachable_address_leave_the_outcome_unknown(
    sandbox: StandIn,
) -> None:
    for provider in (
        StripePayments("sk_test_wrong", sandbox.url),
        StripePayments(SECRET_KEY, f"http://127.0.0.1:{free_port()}"),
    ):
        with pytest.raises(ProviderSilent) as silent:
            provider.create(a_request())
        assert silent.value.replayed is False


def test_payment_made_before_a_replayed_fault_is_found(
    sandbox: StandIn, payments: StripePayments
) -> None:
    asked = a_request()
    sandbox.misbehave(kind="fail_after", path="/v1/payment_intents", times=1)

    with pytest.raises(ProviderSilent) as silent:
        payments.create(asked)

    assert silent.value.replayed is True
    assert payments.find(asked.order_id, 1) is not None


def test_lost_answer_is_repeated_by_the_same_key(
    sandbox: StandIn, payments: StripePayments
) -> None:
    asked = a_request()
    sandbox.misbehave(kind="cut", path="/v1/payment_intents", times=1)

    with pytest.raises(ProviderSilent) as silent:
        payments.create(asked)
    cut_off = payments.find(asked.order_id, 1)

    assert silent.value.replayed is False
    assert payments.create(asked) == cut_off


# The whole purchase


def secret_of(shop: Shop, order_id: UUID) -> str:
    row = shop.row("SELECT client_secret FROM payment_secrets WHERE order_id = %s", order_id)
    return str(row["client_secret"])


def a_purchase(shop: Shop, sandbox: StandIn) -> tuple[UUID, str]:
    """The order, and Stripe's id of the payment that settled it."""
    order_id = shop.buy(shop.offer(terms(stock=1)).pass_id)
    shop.ensure(order_id)
    sandbox.pay(secret_of(shop, order_id))
    shop.settle(order_id)
    intent = shop.row("SELECT payment_intent_id FROM payment_list")["payment_intent_id"]
    return order_id, intent


def settle_every_way(shop: Shop, order_id: UUID) -> None:
    """Webhook, return page and reconciler, in any order, some of them twice."""
    rows = shop.rows("SELECT payment_intent_id FROM payment_list WHERE order_id = %s", order_id)
    intent = rows[0]["payment_intent_id"]

    def hint() -> None:
        record = shop.charging.follow_hint(intent)
        assert record is not None
        shop.store.work(Cause(uuid4()), record)

    ways = [hint, hint, lambda: shop.settle(order_id), lambda: shop.settle(order_id)]
    random.shuffle(ways)
    for way in ways:
        way()


def unrefunded(sandbox: StandIn) -> list[Any]:
    charges = sandbox.client().v1.payment_intents.list(
        {"limit": 100, "expand": ["data.latest_charge"]}
    )
    return [
        intent
        for intent in charges.data
        if intent.status == "succeeded" and not intent.latest_charge.refunded
    ]


async def test_fifty_buyers_and_one_seat_are_one_purchase_and_no_unrefunded_charge(
    open_shop: Callable[..., Shop], sandbox: StandIn, payments: StripePayments
) -> None:
    """The hold of each early buyer ran out unseen by Stripe, and then they all paid at once."""
    shop = open_shop(payments)
    pass_id = shop.offer(terms(stock=1)).pass_id
    before = {intent.id for intent in unrefunded(sandbox)}
    late = []
    for _ in range(8):
        order_id = shop.buy(pass_id)
        shop.ensure(order_id)
        late.append((order_id, secret_of(shop, order_id)))
        shop.pass_time(minutes=10)
        shop.store.work(Cause(uuid4()), lambda id_=order_id: shop.checkout.orders.close_order(id_))
    with ThreadPoolExecutor(16) as threads:
        tried = list(threads.map(lambda _: a_try(shop, pass_id), range(42)))
    ((winner, secret),) = [t for t in tried if t is not None]
    secrets = [*late, (winner, secret)]

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda pair: sandbox.pay(pair[1]), secrets))
        list(threads.map(lambda pair: settle_every_way(shop, pair[0]), secrets))
    await shop.work()
    shop.pass_time(minutes=1)
    await shop.work()

    assert shop.count("checkout.order.fulfilled") == 1
    assert shop.returns() == 8
    assert len({i.id for i in unrefunded(sandbox)} - before) == 1
    assert shop.stock(pass_id) == (1, 0, 1)
    assert {row["status"] for row in shop.rows("SELECT status FROM order_list")} == {
        "fulfilled",
        "returned",
    }


def a_try(shop: Shop, pass_id: UUID) -> tuple[UUID, str] | None:
    try:
        order_id = shop.buy(pass_id)
    except SoldOut:
        return None
    shop.ensure(order_id)
    return order_id, secret_of(shop, order_id)


async def test_refund_on_stripes_dashboard_ends_the_purchase(
    open_shop: Callable[..., Shop], sandbox: StandIn, payments: StripePayments
) -> None:
    shop = open_shop(payments)
    order_id, intent = a_purchase(shop, sandbox)

    sandbox.client().v1.refunds.create({"payment_intent": intent})
    settle_every_way(shop, order_id)

    assert shop.order(order_id)["status"] == "refunded"
    assert shop.count("checkout.payment.refunded") == 1


async def test_refund_that_fails_later_at_stripe_restores_the_pass(
    open_shop: Callable[..., Shop], sandbox: StandIn, payments: StripePayments
) -> None:
    shop = open_shop(payments)
    order_id, intent = a_purchase(shop, sandbox)
    refund = sandbox.client().v1.refunds.create({"payment_intent": intent})
    settle_every_way(shop, order_id)
    refunded = shop.order(order_id)["status"]

    sandbox.fail_refund(refund.id)
    settle_every_way(shop, order_id)

    assert refunded == "refunded"
    assert shop.order(order_id)["status"] == "fulfilled"
    assert shop.count("checkout.payment.refund_failed") == 1


async def test_the_list_of_refunds_tells_which_of_them_a_bank_has_given_back(
    open_shop: Callable[..., Shop], sandbox: StandIn, payments: StripePayments
) -> None:
    shop = open_shop(payments)
    order_id, intent = a_purchase(shop, sandbox)
    refunds = [
        sandbox.client().v1.refunds.create({"payment_intent": intent, "amount": 90}).id
        for _ in range(2)
    ]
    sandbox.fail_refund(refunds[0])

    now = datetime.now(UTC)
    page = payments.list_page(Listing.REFUNDS, now - timedelta(days=30), now + timedelta(days=1))

    said = {each.object_id: each.kind for each in page.listed if each.order_id == order_id}
    assert said == dict(
        zip(refunds, (MovementKind.REFUND_FAILED, MovementKind.RETURNED), strict=True)
    )


@pytest.mark.parametrize("fault", ["fail_after", "cut"])
async def test_a_second_charge_is_returned_once_although_the_answer_is_a_fault(
    open_shop: Callable[..., Shop], sandbox: StandIn, payments: StripePayments, fault: str
) -> None:
    shop = open_shop(payments)
    order_id, _ = a_purchase(shop, sandbox)
    second = payments.create(a_request(order_id=order_id, attempt=2))
    sandbox.pay(second.client_secret)
    sandbox.misbehave(kind=fault, path="/v1/refunds", times=2)

    shop.settle_again(second.payment_intent_id)
    for _ in range(15):
        await shop.work()
        shop.pass_time(minutes=1)

    assert shop.returns() == 1
    assert len(payments.get(second.payment_intent_id).refunds) == 1


async def test_three_d_secure_extends_the_hold_once(
    open_shop: Callable[..., Shop], sandbox: StandIn, payments: StripePayments
) -> None:
    shop = open_shop(payments)
    order_id = shop.buy(shop.offer(terms(stock=1)).pass_id)
    shop.ensure(order_id)
    sandbox.pay(secret_of(shop, order_id), "challenged")
    held_until = shop.order(order_id)["held_until"]

    shop.pass_time(minutes=10)
    await shop.work()
    extended = shop.order(order_id)
    shop.pass_time(minutes=10)
    await shop.work()

    assert extended["held_until"] == held_until + 10 * MINUTE
    assert shop.order(order_id)["status"] == "expired"
