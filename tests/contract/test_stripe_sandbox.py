"""The sandbox's Stripe beside the official mock server, through the official SDK.

The mock answers with the published shape, whatever is asked, so shapes are compared instead of
values. Nested objects of the mock hold only their required keys; for the others, the SDK's models
say what is published.
"""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from sandbox.stripe.operations import OPERATION_NAMES
from sandbox.stripe.published import REQUESTS
from sandbox.tests.process import (
    SECRET_KEY,
    SandboxProcess,
    free_port,
    running_sandbox,
    until,
)

pytestmark = pytest.mark.own_server

ROOT = Path(__file__).parents[2]
NEVER_UNEXPANDED = {"charge": {"refunds"}}
MODELS = {
    "customer": stripe.Customer,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "event": stripe.Event,
}
KNOWN_TO_BOTH = {"amount": 1500, "currency": "eur"}


@pytest.fixture(scope="module")
def mock_url(stripe_mock_program: Path) -> Iterator[str]:
    port = free_port()
    url = f"http://localhost:{port}"
    process = subprocess.Popen(
        [stripe_mock_program, "-http-port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def up() -> bool:
        try:
            return httpx.get(f"{url}/v1/charges").status_code == 401
        except httpx.TransportError:
            return False

    try:
        until(up, 20)
        yield url
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as process:
        yield process


@pytest.fixture(scope="module")
def mock(mock_url: str) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_mock", base_addresses={"api": mock_url})


@pytest.fixture(scope="module")
def ours(sandbox: SandboxProcess) -> stripe.StripeClient:
    return sandbox.client()


class Made:
    """What the sandbox needs before an operation can be called."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self.customer = client.v1.customers.create({"email": "fan@example.com"})
        self.method = client.v1.payment_methods.create(
            {"type": "card", "card": {"token": "tok_visa"}}
        )
        self.attached = client.v1.payment_methods.create(
            {"type": "card", "card": {"token": "tok_visa"}}
        )
        client.v1.payment_methods.attach(self.attached.id, {"customer": self.customer.id})
        self.paid = client.v1.payment_intents.create(
            KNOWN_TO_BOTH
            | {
                "confirm": True,
                "customer": self.customer.id,
                "payment_method": "pm_card_visa",
                "return_url": "http://shop.test/back",
            }
        )
        self.open = client.v1.payment_intents.create(KNOWN_TO_BOTH)
        self.held = client.v1.payment_intents.create(
            KNOWN_TO_BOTH
            | {
                "confirm": True,
                "capture_method": "manual",
                "payment_method": "pm_card_visa",
                "return_url": "http://shop.test/back",
            }
        )
        self.charge = str(self.paid.latest_charge)
        self.refund = client.v1.refunds.create({"payment_intent": self.paid.id, "amount": 100})
        self.event = client.v1.events.list({"limit": 1}).data[0]


@pytest.fixture(scope="module")
def made(ours: stripe.StripeClient) -> Made:
    return Made(ours)


Asking = Callable[[stripe.StripeClient, Made], Any]

CREATED = KNOWN_TO_BOTH | {
    "automatic_payment_methods": {"enabled": True},
    "description": "Friday Night Live",
    "metadata": {"order_id": "1"},
    "receipt_email": "fan@example.com",
    "setup_future_usage": "off_session",
}
RETURN = {"return_url": "http://shop.test/back"}
SEARCH = {"query": "metadata['order_id']:'1' AND status:'succeeded'", "limit": 5}

ASKED: dict[str, Asking] = {
    "POST /v1/customers": lambda c, _: c.v1.customers.create(
        {"email": "a@example.com", "name": "Ada", "metadata": {"person_id": "1"}}
    ),
    "GET /v1/customers": lambda c, _: c.v1.customers.list({"limit": 1}),
    "GET /v1/customers/{customer}": lambda c, m: c.v1.customers.retrieve(m.customer.id),
    "POST /v1/customers/{customer}": lambda c, m: c.v1.customers.update(
        m.customer.id, {"name": "Ada", "metadata": {"a": "b"}}
    ),
    "POST /v1/payment_intents": lambda c, m: c.v1.payment_intents.create(
        CREATED | {"customer": m.customer.id}
    ),
    "GET /v1/payment_intents": lambda c, _: c.v1.payment_intents.list(
        {"limit": 2, "created": {"gte": 1}}
    ),
    "GET /v1/payment_intents/search": lambda c, _: c.v1.payment_intents.search(SEARCH),
    "GET /v1/payment_intents/{intent}": lambda c, m: c.v1.payment_intents.retrieve(
        m.paid.id, {"expand": ["latest_charge"]}
    ),
    "POST /v1/payment_intents/{intent}": lambda c, m: c.v1.payment_intents.update(
        m.open.id, {"amount": 1600, "metadata": {"attempt": "2"}}
    ),
    "POST /v1/payment_intents/{intent}/confirm": lambda c, m: c.v1.payment_intents.confirm(
        m.open.id, {"payment_method": "pm_card_visa"} | RETURN
    ),
    "POST /v1/payment_intents/{intent}/cancel": lambda c, _: c.v1.payment_intents.cancel(
        c.v1.payment_intents.create(KNOWN_TO_BOTH).id, {"cancellation_reason": "abandoned"}
    ),
    "POST /v1/payment_intents/{intent}/capture": lambda c, m: c.v1.payment_intents.capture(
        m.held.id, {"amount_to_capture": 1500}
    ),
    "GET /v1/charges": lambda c, m: c.v1.charges.list({"payment_intent": m.paid.id}),
    "GET /v1/charges/{charge}": lambda c, m: c.v1.charges.retrieve(m.charge),
    "POST /v1/refunds": lambda c, m: c.v1.refunds.create(
        {
            "payment_intent": m.paid.id,
            "amount": 100,
            "reason": "requested_by_customer",
            "metadata": {"a": "b"},
        }
    ),
    "GET /v1/refunds": lambda c, m: c.v1.refunds.list({"payment_intent": m.paid.id}),
    "GET /v1/refunds/{refund}": lambda c, m: c.v1.refunds.retrieve(m.refund.id),
    "POST /v1/refunds/{refund}": lambda c, m: c.v1.refunds.update(
        m.refund.id, {"metadata": {"a": "c"}}
    ),
    "GET /v1/events": lambda c, _: c.v1.events.list(
        {"types": ["charge.succeeded", "charge.refunded"], "delivery_success": True}
    ),
    "GET /v1/events/{id}": lambda c, m: c.v1.events.retrieve(m.event.id),
    "POST /v1/payment_methods": lambda c, _: c.v1.payment_methods.create(
        {"type": "card", "card": {"token": "tok_visa"}, "billing_details": {"name": "Ada"}}
    ),
    "GET /v1/payment_methods": lambda c, m: c.v1.payment_methods.list(
        {"customer": m.customer.id, "type": "card"}
    ),
    "GET /v1/payment_methods/{payment_method}": lambda c, m: c.v1.payment_methods.retrieve(
        m.method.id
    ),
    "POST /v1/payment_methods/{payment_method}/attach": (
        lambda c, m: c.v1.payment_methods.attach(m.method.id, {"customer": m.customer.id})
    ),
    "POST /v1/payment_methods/{payment_method}/detach": (
        lambda c, m: c.v1.payment_methods.detach(m.attached.id)
    ),
}


def named(key: str) -> str:
    return "".join(part.capitalize() for part in key.split("_"))


def annotations(model: Any) -> dict[str, str]:
    declared = {} if model is None else getattr(model, "__annotations__", {})
    return {key: str(kind) for key, kind in declared.items() if "ClassVar" not in str(kind)}


def model_at(model: Any, key: str, value: Any) -> Any:
    noun = value.get("object") if isinstance(value, dict) else None
    if isinstance(noun, str) and noun in MODELS:
        return MODELS[noun]
    return getattr(model, named(key), None) if model is not None else None


def kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return {str: "string", list: "array", dict: "object"}[type(value)]


def differences(mine: Any, published: Any, model: Any, at: str) -> Iterator[str]:
    """Yield where an answer differs from the published shape; null fits everything."""
    if mine is None or published is None:
        if isinstance(mine, dict):
            yield from differences(mine, {}, model, at)
        return
    if kind(mine) != kind(published):
        if {kind(mine), kind(published)} != {"string", "object"}:
            yield f"{at} is {kind(mine)}, published {kind(published)}"
    elif isinstance(mine, list):
        for item in mine[:1] if published else []:
            yield from differences(item, published[0], model_at(model, "", item), f"{at}[]")
    elif isinstance(mine, dict):
        yield from _object_differences(mine, published, model, at)


def _object_differences(mine: Any, published: Any, model: Any, at: str) -> Iterator[str]:
    free = at.endswith("metadata") or (not published and model is None)
    for key, value in mine.items():
        inner = model_at(model, key, value)
        if key in published:
            yield from differences(value, published[key], inner, f"{at}.{key}")
        elif key in annotations(model):
            yield from differences(value, None, inner, f"{at}.{key}")
        elif not free:
            yield f"{at}.{key} is not published"
    for key, annotation in annotations(model).items():
        optional = "Optional" in annotation or "NoneType" in annotation
        if key not in mine and not optional:
            yield f"{at}.{key} is published as required"


@pytest.mark.parametrize("operation", ASKED)
def test_an_operation_is_accepted_by_both_and_answered_in_the_same_shape(
    operation, mock, ours, made
):
    published = ASKED[operation](mock, made).to_dict()
    mine = ASKED[operation](ours, made).to_dict()

    noun = mine["object"]
    if noun in ("list", "search_result"):
        assert noun == published["object"]
        assert mine.keys() <= published.keys() | {"next_page"}
        assert mine["url"] == published["url"]
        assert isinstance(mine["has_more"], bool)
        items = mine["data"]
        if items:
            model = MODELS[items[0]["object"]]
            assert list(differences(items[0], published["data"][0], model, noun)) == []
        return
    assert list(differences(mine, published, MODELS[noun], noun)) == []
    assert published.keys() - mine.keys() <= NEVER_UNEXPANDED.get(noun, set()) | {
        key for key in published if noun == "event"
    }


def test_every_operation_is_compared():
    assert ASKED.keys() == set(OPERATION_NAMES) == REQUESTS.keys()


REFUSED = [
    ("POST", "payment_intents", {"currency": "eur"}),
    ("POST", "payment_intents", {"amount": "1500"}),
    ("POST", "payment_intents", {"amount": "many", "currency": "eur"}),
    ("POST", "payment_intents", {"amount": "1500", "currency": "eur", "colour": "red"}),
    ("POST", "payment_intents", {"amount": "1500", "currency": "eur", "confirm": "perhaps"}),
    ("POST", "payment_intents", {"amount": "1500", "currency": "eur", "capture_method": "x"}),
    ("POST", "payment_intents", {"amount": "1500", "currency": "eur", "metadata": "text"}),
    (
        "POST",
        "payment_intents",
        {"amount": "1500", "currency": "eur", "automatic_payment_methods[on]": "true"},
    ),
    ("POST", "payment_intents/pi_1/cancel", {"cancellation_reason": "bored"}),
    ("POST", "refunds", {"payment_intent": "pi_1", "reason": "bored"}),
    ("POST", "refunds", {"payment_intent": "pi_1", "amount": "all"}),
    ("POST", "customers", {"colour": "red"}),
    ("POST", "payment_methods/pm_1/attach", {"colour": "red"}),
    ("GET", "payment_intents", {"colour": "red"}),
    ("GET", "payment_intents", {"limit": "ten"}),
    ("GET", "payment_intents/search", {}),
    ("GET", "colours", {}),
]


@pytest.mark.parametrize(("method", "path", "form"), REFUSED)
def test_requests_refused_by_the_mock_are_refused_here_too(mock_url, sandbox, method, path, form):
    def status(url: str) -> tuple[int, str]:
        place = {"data": form} if method == "POST" else {"params": form}
        headers = {"authorization": f"Bearer {SECRET_KEY}"}
        answer = httpx.request(method, f"{url}/v1/{path}", headers=headers, **place)
        return answer.status_code, answer.json()["error"]["type"]

    assert status(f"{sandbox.url}/stripe") == status(mock_url)


def test_both_ask_for_a_key(mock_url, sandbox):
    answers = [httpx.get(f"{url}/v1/charges") for url in (mock_url, f"{sandbox.url}/stripe")]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert [answer.json()["error"]["type"] for answer in answers] == ["invalid_request_error"] * 2


def test_an_error_has_only_published_keys(ours):
    intent = ours.v1.payment_intents.create(KNOWN_TO_BOTH)
    attempt = {"payment_method": "pm_card_chargeDeclined"} | RETURN

    with pytest.raises(stripe.CardError) as declined:
        ours.v1.payment_intents.confirm(intent.id, attempt)

    error = declined.value.json_body["error"]
    published = annotations(stripe.ErrorObject) | annotations(stripe.PaymentIntent.LastPaymentError)
    assert error.keys() <= published.keys() | {"request_log_url"}
    assert re.fullmatch(r"req_\w+", declined.value.request_id or "")
    intent_told = error["payment_intent"]["last_payment_error"]
    assert intent_told.keys() <= annotations(stripe.PaymentIntent.LastPaymentError).keys()


def test_comparison_notices_invented_fields():
    published = {"id": "re_1", "amount": 5, "status": "succeeded", "charge": None}
    invented = {"id": 5, "amount": 5, "status": "succeeded", "colour": "red", "object": "refund"}

    found = list(differences(invented, published, stripe.Refund, "refund"))

    assert "refund.id is number, published string" in found
    assert "refund.colour is not published" in found
    assert "refund.currency is published as required" in found
