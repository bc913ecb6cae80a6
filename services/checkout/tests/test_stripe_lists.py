"""Reconciliation over the wire: the official SDK against the lists of Stripe's stand-in."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.runtime.scheduling.clock import FixedClock
from services.checkout.payments.provider.protocol import (
    Listing,
    MovementKind,
    PaymentUnknown,
    ProviderSilent,
)
from services.checkout.payments.provider.stripe import StripePayments
from services.checkout.reconciliation.runs.run import REFUND_ORPHANED_PAYMENT
from services.checkout.tests.builders import NOON, terms
from services.checkout.tests.conftest import Shop
from services.checkout.tests.stand_in import SECRET_KEY, StandIn, running_stand_in
from services.checkout.tests.test_balances import balances, the_sums
from services.checkout.tests.test_reconciliation import differences, forget_to_look

pytestmark = pytest.mark.own_server


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with running_stand_in(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def shop(open_shop: Callable[..., Shop], sandbox: StandIn) -> Shop:
    """Its clock stands three minutes ahead, so that what was just made is not young any more."""
    clock = FixedClock(datetime.now(UTC) + timedelta(minutes=3))
    return open_shop(StripePayments(SECRET_KEY, sandbox.url), clock)


def an_order(shop: Shop) -> tuple[UUID, str, str]:
    order_id = shop.buy(shop.offer(terms(stock=5)).pass_id)
    shop.ensure(order_id)
    row = shop.row("SELECT * FROM payment_secrets WHERE order_id = %s", order_id)
    return order_id, row["payment_intent_id"], row["client_secret"]


def a_purchase(shop: Shop, sandbox: StandIn) -> tuple[UUID, str]:
    order_id, intent, secret = an_order(shop)
    assert sandbox.pay(secret).status_code == 200
    shop.settle(order_id)
    return order_id, intent


async def test_unreported_payment_is_found_after_two_minutes(shop: Shop, sandbox: StandIn) -> None:
    order_id, _, secret = an_order(shop)
    sandbox.pay(secret)

    shop.pass_time(minutes=2)
    await shop.work()

    assert shop.order(order_id)["status"] == "fulfilled"
    assert differences(shop) == []


async def test_without_the_check_the_payment_is_found_in_stripes_lists(
    shop: Shop, sandbox: StandIn
) -> None:
    order_id, intent, secret = an_order(shop)
    sandbox.pay(secret)
    other_id, other, _ = an_order(shop)
    sandbox.client().v1.payment_intents.cancel(other)
    forget_to_look(shop)
    shop.schedule_runs()

    await shop.work()

    assert shop.order(order_id)["status"] == "fulfilled"
    assert shop.order(other_id)["status"] == "open"
    assert sorted(differences(shop)) == sorted(
        [(intent, "captured", "created"), (other, "cancelled", "created")]
    )


@pytest.mark.parametrize(("amount", "status"), [(None, "refunded"), (500, "fulfilled")])
async def test_a_refund_on_the_dashboard_without_a_webhook_is_found_in_stripes_lists(
    shop: Shop, sandbox: StandIn, amount: int | None, status: str
) -> None:
    order_id, intent = a_purchase(shop, sandbox)
    forget_to_look(shop)
    params: Any = {"payment_intent": intent} | ({} if amount is None else {"amount": amount})
    refund = sandbox.client().v1.refunds.create(params)
    shop.schedule_runs()

    await shop.work()

    assert shop.order(order_id)["status"] == status
    assert shop.order(order_id)["refunded_minor"] == refund.amount
    assert shop.count("checkout.payment.refunded") == 1
    assert differences(shop) == [(refund.id, "returned", "succeeded")]


async def test_only_our_own_orphaned_payments_are_found_and_refunded(
    shop: Shop, sandbox: StandIn
) -> None:
    def captured(**metadata: str) -> str:
        params: Any = {
            "amount": 1990,
            "currency": "eur",
            "confirm": True,
            "payment_method": "pm_card_visa",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "metadata": metadata,
        }
        return sandbox.client().v1.payment_intents.create(params).id

    lost = captured(order_id=str(uuid4()), person_id=str(uuid4()), attempt="1")
    captured(order_id=str(uuid4()))
    captured(order_id="4711", attempt="1")
    shop.schedule_runs()

    await shop.work()
    found = shop.rows("SELECT payment_intent_id FROM orphaned_payment_list")
    payload, put = {"payment_intent_id": lost}, shop.store.schedule.at
    shop.store.work(
        shop.cause(), lambda: put(REFUND_ORPHANED_PAYMENT, lost, shop.clock.now(), payload)
    )
    await shop.work()

    assert found == [{"payment_intent_id": lost}]
    (refund,) = sandbox.client().v1.refunds.list().data
    assert (refund.payment_intent, refund.amount) == (lost, 1990)
    assert shop.row("SELECT refund_id FROM orphaned_payment_list")["refund_id"] == refund.id


async def test_stripe_falling_silent_in_the_middle_of_a_round_loses_nothing(
    shop: Shop, sandbox: StandIn
) -> None:
    order_id, intent = a_purchase(shop, sandbox)
    forget_to_look(shop)
    sandbox.client().v1.refunds.create({"payment_intent": intent})
    sandbox.misbehave(kind="refuse", path="/v1/refunds", status=500, times=None)
    shop.schedule_runs()

    await shop.work()
    silent = shop.row("SELECT * FROM reconciliation WHERE round = 'hourly'")
    sandbox.behave()
    shop.pass_time(minutes=1)
    await shop.work()

    assert silent["under_way"]["listing"] == "refunds"
    assert silent["reached"] < datetime.now(UTC) - timedelta(days=2)
    assert shop.order(order_id)["status"] == "refunded"


async def test_the_sums_of_a_day_are_those_of_stripes_own_clock(
    shop: Shop, sandbox: StandIn
) -> None:
    purchases = [a_purchase(shop, sandbox) for _ in range(2)]
    part = sandbox.client().v1.refunds.create({"payment_intent": purchases[0][1], "amount": 500})
    shop.settle_again(purchases[0][1])
    stranger = sandbox.client().v1.payment_intents.create(
        {
            "amount": 700,
            "currency": "eur",
            "confirm": True,
            "payment_method": "pm_card_visa",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )
    day = datetime.fromtimestamp(part.created, UTC).date().isoformat()

    for _ in range(4):
        record = shop.balancer.step(day)
        assert record is not None
        shop.store.work(shop.cause(), record)
        if balances(shop):
            break

    assert stranger.status == "succeeded"
    assert balances(shop) == [
        {"day": day, "sums": {"EUR": the_sums((3980, 3980), (500, 500))}, "differing": []}
    ]


@contextmanager
def answering(body: dict[str, Any]) -> Iterator[str]:
    """An API that gives this one answer, for what our stand-in does not do; its address."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "captured", "counts"),
    [("succeeded", True, True), ("pending", True, False), ("succeeded", False, False)],
)
def test_charge_counts_once_it_succeeded_and_was_captured(
    status: str, captured: bool, counts: bool
) -> None:
    charge = {
        "id": "ch_1",
        "object": "charge",
        "payment_intent": "pi_1",
        "metadata": {"order_id": str(uuid4())},
        "paid": True,
        "status": status,
        "captured": captured,
        "amount_captured": 1990,
        "currency": "eur",
        "created": int(NOON.timestamp()),
    }

    with answering({"object": "list", "data": [charge], "has_more": False}) as url:
        provider = StripePayments(SECRET_KEY, url)
        page = provider.list_page(Listing.CHARGES, NOON, NOON + timedelta(days=1))

    assert [listed.object_id for listed in page.listed] == (["ch_1"] if counts else [])


def test_payment_unknown_to_stripe_differs_from_silence(shop: Shop, sandbox: StandIn) -> None:
    with pytest.raises(PaymentUnknown):
        shop.provider.get("pi_3unknown")


def test_list_is_paged_and_has_payments_with_an_order(shop: Shop, sandbox: StandIn) -> None:
    _, paid = a_purchase(shop, sandbox)
    _, waiting, _ = an_order(shop)
    sandbox.client().v1.payment_intents.create({"amount": 500, "currency": "eur"})
    since, until = shop.clock.now() - timedelta(hours=1), shop.clock.now()
    provider = shop.provider

    page = provider.list_page(Listing.PAYMENTS, since, until)
    older = provider.list_page(Listing.PAYMENTS, since, until, after=waiting)
    newer = provider.list_page(Listing.PAYMENTS, until, until + timedelta(days=1))

    (listed,) = page.listed
    assert (listed.kind, listed.movement_id, listed.amount_minor) == (
        MovementKind.CAPTURED,
        paid,
        1990,
    )
    assert older.listed == page.listed
    assert newer.listed == ()
    assert page.next_after is None
    with pytest.raises(ProviderSilent):
        provider.list_page(Listing.PAYMENTS, since, until, after="pi_3unknown")
