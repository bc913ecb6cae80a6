"""Webhooks: signed, quick, repeated until accepted, never lost; and every ordered fault."""

import time
from pathlib import Path

import httpx
import pytest
import stripe

from sandbox.tests.process import Receiver, SandboxProcess, receiving, running_sandbox, until

pytestmark = pytest.mark.own_server

MONEY = {"amount": 1500, "currency": "eur", "payment_method_types": ["card"]}


@pytest.fixture
def receiver():
    with receiving() as it:
        yield it


@pytest.fixture
def sandbox(tmp_path: Path, receiver: Receiver):
    with running_sandbox(tmp_path, receiver.url) as process:
        yield process


def pay(sandbox: SandboxProcess) -> stripe.PaymentIntent:
    params = MONEY | {"confirm": True, "payment_method": "pm_card_visa"}
    return sandbox.client().v1.payment_intents.create(params)


PAID = {"payment_intent.created", "charge.succeeded", "payment_intent.succeeded"}


def test_events_arrive_at_once_and_signed_with_every_secret(sandbox, receiver):
    intent = pay(sandbox)
    answered = time.monotonic()
    until(lambda: len(receiver.got) == 3)
    took_s = time.monotonic() - answered

    assert set(receiver.types()) == PAID
    assert {event.type for event in receiver.events("whsec_old")} == PAID
    assert all(event.livemode is False for event in receiver.events())
    paid = next(e for e in receiver.events() if e.type == "payment_intent.succeeded")
    assert paid.data.object.id == intent.id
    assert paid.request.id.startswith("req_")
    assert took_s < 1.0
    with pytest.raises(stripe.SignatureVerificationError):
        receiver.events("whsec_wrong")
    delivered = sandbox.client().v1.events.list({"delivery_success": True})
    until(lambda: len(sandbox.client().v1.events.list({"delivery_success": True}).data) == 3)
    assert delivered.url == "/v1/events"


def test_refused_webhook_is_delivered_again(sandbox, receiver):
    receiver.answers = [500, 404, 500]

    pay(sandbox)
    until(lambda: len(receiver.got) == 6)

    assert set(receiver.types()[3:]) == PAID
    ids = [event.id for event in receiver.events()]
    assert sorted(ids[:3]) == sorted(ids[3:])


def test_refused_webhook_is_delivered_again_after_kill_9(sandbox, receiver):
    receiver.answers = [500] * 3
    intent = pay(sandbox)
    until(lambda: len(receiver.got) == 3)

    sandbox.kill()
    sandbox.start()
    until(lambda: len(receiver.got) == 6)

    shop = sandbox.client()
    assert shop.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    assert set(receiver.types()[3:]) == PAID
    until(lambda: len(shop.v1.events.list({"delivery_success": True}).data) == 3)


def test_nothing_that_was_answered_is_lost_by_kill_9(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        intents = [pay(sandbox).id for _ in range(20)]
        kept = {"idempotency_key": "over-the-restart"}
        first = sandbox.client().v1.payment_intents.create(MONEY, kept)

        sandbox.kill()
        sandbox.start()

        shop = sandbox.client()
        found = [shop.v1.payment_intents.retrieve(one).status for one in intents]
        assert found == ["succeeded"] * 20
        assert shop.v1.payment_intents.create(MONEY, kept).id == first.id


def test_refused_answers_do_nothing(sandbox):
    sandbox.misbehave(kind="refuse", path="/v1/customers", times=2)
    shop = sandbox.client()

    with pytest.raises(stripe.RateLimitError):
        shop.v1.customers.create({})
    with pytest.raises(stripe.RateLimitError):
        shop.v1.customers.create({})

    assert shop.v1.customers.list().data == []
    assert shop.v1.customers.create({}).id.startswith("cus_")


def test_requests_above_the_limit_in_one_second_are_refused(sandbox):
    sandbox.misbehave(kind="limit", path="/v1/customers", per_s=3, times=None)
    shop = sandbox.client()

    for _ in range(3):
        shop.v1.customers.create({})
    with pytest.raises(stripe.RateLimitError) as refused:
        shop.v1.customers.create({})
    listed = shop.v1.customers.list().data
    time.sleep(1.05)
    shop.v1.customers.create({})
    ordered = httpx.get(f"{sandbox.url}/stripe/_control/misbehave")

    assert len(listed) == 3
    assert dict(refused.value.headers)["stripe-rate-limited-reason"] == "endpoint-rate"
    assert ordered.json()[0]["refused"] == {"POST /v1/customers": 1}


def test_cut_answer_leaves_a_completed_request(sandbox):
    sandbox.misbehave(kind="cut", path="/v1/payment_intents")
    kept = {"idempotency_key": "cut"}
    shop = sandbox.client()

    with pytest.raises(stripe.APIConnectionError):
        shop.v1.payment_intents.create(MONEY, kept)
    again = shop.v1.payment_intents.create(MONEY, kept)

    assert [one.id for one in shop.v1.payment_intents.list().data] == [again.id]


def test_webhooks_come_twice_when_ordered(sandbox, receiver):
    sandbox.misbehave(kind="duplicate", event="payment_intent.succeeded")

    pay(sandbox)
    until(lambda: len(receiver.got) == 4)

    assert receiver.types().count("payment_intent.succeeded") == 2
    assert len({event.id for event in receiver.events()}) == 3


def test_webhooks_are_dropped_or_never_made_when_ordered(sandbox, receiver):
    sandbox.misbehave(kind="drop", event="payment_intent.succeeded")
    sandbox.misbehave(kind="no_event", event="charge.*")

    pay(sandbox)
    until(lambda: receiver.got)
    time.sleep(0.3)

    listed = sandbox.client().v1.events.list()
    undelivered = sandbox.client().v1.events.list({"delivery_success": False})
    assert receiver.types() == ["payment_intent.created"]
    assert [e.type for e in listed.data] == ["payment_intent.succeeded", "payment_intent.created"]
    assert [e.type for e in undelivered.data] == ["payment_intent.succeeded"]


def test_webhooks_come_in_the_wrong_order_when_ordered(sandbox, receiver):
    sandbox.misbehave(kind="reversed")

    pay(sandbox)
    until(lambda: len(receiver.got) == 3)

    assert receiver.types() == [
        "payment_intent.succeeded",
        "charge.succeeded",
        "payment_intent.created",
    ]


def test_webhooks_come_late_when_ordered(sandbox, receiver):
    sandbox.misbehave(kind="deliver_late", event="*.succeeded", delay_s=0.5, times=None)

    pay(sandbox)
    until(lambda: len(receiver.got) == 1)
    sandbox.behave()
    early = receiver.types()
    until(lambda: len(receiver.got) == 3)

    assert early == ["payment_intent.created"]


def test_orders_that_make_no_sense_are_refused(sandbox):
    orders = [{"kind": "explode"}, {"kind": "cut", "times": 0}, {"kind": "cut", "colour": 1}]

    answers = [httpx.post(f"{sandbox.url}/stripe/_control/misbehave", json=one) for one in orders]

    assert [answer.status_code for answer in answers] == [422] * 3
    assert httpx.get(f"{sandbox.url}/stripe/_control/misbehave").json() == []
