"""A webhook is believed to be Stripe's only in Stripe's own form, and at its own time."""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest

from services.checkout.payments.provider.protocol import ForgedWebhook, WebhookEvent
from services.checkout.payments.provider.stripe import read_webhook

SECRET = "whsec_of_these_tests"


def told(about: dict[str, Any], at: float = 0.0, **event: Any) -> WebhookEvent:
    """What is read of an event that Stripe's secret has signed so many seconds from now."""
    body = json.dumps(
        {"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": about}} | event
    ).encode()
    signed_at = int(time.time() + at)
    digest = hmac.new(SECRET.encode(), f"{signed_at}.".encode() + body, hashlib.sha256)
    return read_webhook(body, f"t={signed_at},v1={digest.hexdigest()}", [SECRET])


def an_intent(id_: str = "pi_3Qx_secretless") -> dict[str, Any]:
    return {"object": "payment_intent", "id": id_}


@pytest.mark.parametrize("at", [-290, 0, 50])
def test_current_webhook_is_accepted_although_clocks_differ(at: float) -> None:
    assert told(an_intent(), at).payment_intent_id == "pi_3Qx_secretless"


@pytest.mark.parametrize("at", [-310, 70, 3600, 10**9])
def test_old_or_future_webhook_is_refused(at: float) -> None:
    with pytest.raises(ForgedWebhook):
        told(an_intent(), at)


@pytest.mark.parametrize(
    "id_",
    [
        "pi_1/../../refunds",
        "pi_1?expand=x",
        "pi_1#",
        "../customers",
        "cus_1",
        "pi_",
        "pi_é",
        "pi_ 1",
    ],
)
def test_malformed_id_never_becomes_part_of_a_url(id_: str) -> None:
    charge = {"object": "charge", "id": "ch_1", "payment_intent": id_}

    assert told(an_intent(id_)).payment_intent_id is None
    assert told(charge, type="charge.refunded").payment_intent_id is None
    assert told(charge | {"payment_intent": "pi_1"}).payment_intent_id == "pi_1"


@pytest.mark.parametrize("event", [{"id": "1"}, {"id": "evt_1/2"}, {"type": "a b"}, {"type": ""}])
def test_an_event_without_the_form_of_one_is_refused(event: dict[str, str]) -> None:
    with pytest.raises(ForgedWebhook):
        told(an_intent(), **event)


@pytest.mark.parametrize("named", [None, {"id": "pi_1"}])
def test_an_event_that_names_no_payment_is_kept_without_one(named: object) -> None:
    read = told({"object": "charge", "id": "ch_1", "payment_intent": named}, type="charge.updated")

    assert read.payment_intent_id is None
