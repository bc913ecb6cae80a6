"""Idempotency keys as published, seen from outside."""

import threading
from pathlib import Path

import httpx
import pytest
import stripe

from sandbox.tests.process import SECRET_KEY, SandboxProcess, running_sandbox

pytestmark = pytest.mark.own_server

MONEY = {"amount": 1500, "currency": "eur", "payment_method_types": ["card"]}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory):
    data: Path = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(data) as process:
        yield process
        process.behave()


def post(sandbox: SandboxProcess, path: str, key: str, **form: str) -> httpx.Response:
    return httpx.post(
        f"{sandbox.url}/stripe/v1/{path}",
        data=form,
        headers={"authorization": f"Bearer {SECRET_KEY}", "idempotency-key": key},
    )


def test_the_same_key_gets_the_first_answer_again(sandbox):
    first = post(sandbox, "payment_intents", "again", amount="500", currency="eur")
    second = post(sandbox, "payment_intents", "again", amount="500", currency="eur")

    assert second.json() == first.json()
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["original-request"] == first.headers["request-id"]
    assert second.headers["request-id"] != first.headers["request-id"]


def test_a_key_belongs_to_one_request(sandbox):
    shop = sandbox.client()
    intent = shop.v1.payment_intents.create(MONEY, {"idempotency_key": "mine"})

    with pytest.raises(stripe.IdempotencyError, match="only be used with the same parameters"):
        shop.v1.payment_intents.create(MONEY | {"amount": 1600}, {"idempotency_key": "mine"})
    with pytest.raises(stripe.IdempotencyError, match="for the same endpoint"):
        shop.v1.payment_intents.cancel(intent.id, {}, {"idempotency_key": "mine"})

    assert shop.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"


def test_a_decline_is_kept_and_charges_nobody_twice(sandbox):
    shop = sandbox.client()
    intent = shop.v1.payment_intents.create(MONEY)
    attempt = {"payment_method": "pm_card_chargeDeclined"}

    told = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as declined:
            shop.v1.payment_intents.confirm(intent.id, attempt, {"idempotency_key": "declined"})
        told.append(declined.value.error.charge)

    assert told[0] == told[1]
    assert len(shop.v1.charges.list({"payment_intent": intent.id}).data) == 1


def test_a_request_that_fails_validation_leaves_its_key_free(sandbox):
    wrong = post(sandbox, "payment_intents", "free", amount="x", currency="eur")
    right = post(sandbox, "payment_intents", "free", amount="500", currency="eur")

    assert (wrong.status_code, right.status_code) == (400, 200)


def test_a_fault_is_kept_as_well_although_the_thing_was_done(sandbox):
    sandbox.misbehave(kind="fail_after", path="/v1/payment_intents")
    shop = sandbox.client()
    params = MONEY | {"metadata": {"order_id": "faulty"}}

    for _ in range(2):
        with pytest.raises(stripe.APIError) as fault:
            shop.v1.payment_intents.create(params, {"idempotency_key": "faulty"})
        assert fault.value.http_status == 500

    found = shop.v1.payment_intents.search({"query": "metadata['order_id']:'faulty'"})
    assert len(found.data) == 1


def test_a_key_in_flight_is_a_conflict(sandbox):
    sandbox.misbehave(kind="answer_late", path="/v1/customers", delay_s=0.6)
    answers: list[httpx.Response] = []
    slow = threading.Thread(target=lambda: answers.append(post(sandbox, "customers", "busy")))
    slow.start()
    threading.Event().wait(0.2)

    conflict = post(sandbox, "customers", "busy")
    slow.join()

    assert conflict.status_code == 409
    assert conflict.json()["error"]["code"] == "idempotency_key_in_use"
    assert answers[0].status_code == 200
    assert post(sandbox, "customers", "busy").json() == answers[0].json()


def test_a_key_has_up_to_255_characters(sandbox):
    assert post(sandbox, "customers", "k" * 255).status_code == 200
    assert post(sandbox, "customers", "k" * 256).status_code == 400
