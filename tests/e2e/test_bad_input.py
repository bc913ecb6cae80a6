"""Bad input gets a problem with a stable code; nothing is written, nothing lost."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from ops import stores
from ops.showcase import Showcase, publish_pass
from ops.up.data_folder import DataFolder
from ops.visitor import Visitor
from tests.e2e.running import RunningSystem, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow(120, "a whole story in a browser")]

Terms = dict[str, Any]


@pytest.fixture(scope="module")
def fan(system: RunningSystem) -> Iterator[Visitor]:
    visitor = Visitor(system.url, system.record["urls"]["sandbox"], f"{uuid4().hex}@example.com")
    visitor.sign_in()
    yield visitor
    visitor.close()


@pytest.fixture
def stranger(system: RunningSystem) -> Iterator[httpx.Client]:
    headers = {"X-Browser-Id": uuid4().hex, "Accept": "application/json"}
    with httpx.Client(base_url=system.url, headers=headers) as client:
        yield client


def events_stored(system: RunningSystem, service: str) -> int:
    url = stores.database_url(service, DataFolder(system.data))
    with stores.reading(url) as conn:
        row = conn.execute("SELECT count(*) AS n FROM events").fetchone()
        assert row is not None
        return int(row["n"])


def refused(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("path", ["/no-such-space", "/@nobody_here", "/no-such-space/no-pass"])
def test_an_unknown_slug_is_a_page_that_says_so(stranger: httpx.Client, path: str) -> None:
    answer = stranger.get(path, headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert "<h1" in answer.text


def test_a_foreign_order_is_not_there(
    stranger: httpx.Client, fan: Visitor, creator: Visitor, showcase: Showcase
) -> None:
    order = fan.buy(showcase.passes["lounge-key"])

    answer = creator.send("GET", f"/api/orders/{order['order_id']}")

    assert refused(answer) == (404, "order_not_found")


def test_malformed_json(system: RunningSystem, stranger: httpx.Client) -> None:
    before = events_stored(system, "identity")

    answer = stranger.post(
        "/api/sign-in-codes", content=b'{"email": ', headers={"Content-Type": "application/json"}
    )

    assert refused(answer) == (400, "malformed_json")
    assert events_stored(system, "identity") == before


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"currency": "XXX", "currency_exponent": 2}, "currency"),
        ({"currency": "EUR", "currency_exponent": 3}, "currency_exponent"),
        ({"currency": "EUR", "currency_exponent": 2, "price_minor": -1}, "price_minor"),
        ({"currency": "EUR", "currency_exponent": 2, "price_minor": 19.5}, "price_minor"),
        ({"currency": "EUR", "currency_exponent": 2, "redirect_url": "http://x"}, "redirect_url"),
    ],
    ids=["unknown currency", "wrong exponent", "negative", "a fraction", "not https"],
)
def test_wrong_amount_is_shown_beside_its_field(
    system: RunningSystem, creator: Visitor, showcase: Showcase, terms: Terms, field: str
) -> None:
    before = events_stored(system, "catalog")
    body = {
        "slug": f"pass-{uuid4().hex[:6]}",
        "name": "A pass",
        "description": "",
        "experience_ids": list(showcase.experiences.values()),
        "terms": {"pricing_type": "one_time", "price_minor": 1900, **terms},
    }

    answer = creator.send("POST", f"/api/spaces/{showcase.space}/passes", body)

    assert refused(answer) == (422, "invalid_request")
    assert field in {error["field"].rsplit(".", 1)[-1] for error in answer.json()["errors"]}
    assert events_stored(system, "catalog") == before


def test_a_code_that_was_used_opens_nothing(system: RunningSystem, stranger: httpx.Client) -> None:
    email = f"{uuid4().hex}@example.com"
    stranger.post("/api/sign-in-codes", json={"email": email})
    code = system.code_for(email)
    first = stranger.post("/api/sessions", json={"email": email, "code": code})

    again = stranger.post("/api/sessions", json={"email": email, "code": code})

    assert first.status_code == 201
    assert again.status_code == 422


def test_a_code_of_another_browser_opens_nothing(
    system: RunningSystem, stranger: httpx.Client
) -> None:
    email = f"{uuid4().hex}@example.com"
    stranger.post("/api/sign-in-codes", json={"email": email})
    code = system.code_for(email)

    answer = stranger.post(
        "/api/sessions",
        json={"email": email, "code": code},
        headers={"X-Browser-Id": uuid4().hex},
    )

    assert answer.status_code == 422


@pytest.mark.parametrize("cookie", ["nonsense", "x" * 5000, "a.b.c"])
def test_a_forged_cookie_is_nobody(stranger: httpx.Client, cookie: str) -> None:
    answer = stranger.get(
        "/account", headers={"Cookie": f"session={cookie}", "Accept": "text/html"}
    )

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


def signature(body: bytes, secret: str, at: int) -> str:
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={digest.hexdigest()}"


@pytest.mark.parametrize("how", ["no signature", "another secret", "too old", "changed body"])
def test_a_forged_webhook_is_not_kept(
    system: RunningSystem, stranger: httpx.Client, how: str
) -> None:
    secret = f"whsec_{DataFolder(system.data).secret('stripe_webhook')}"
    event_id = f"evt_{uuid4().hex}"
    body = json.dumps({"id": event_id, "object": "event", "type": "charge.refunded"}).encode()
    now = int(time.time())
    headers = {
        "no signature": {},
        "another secret": {"Stripe-Signature": signature(body, "whsec_other", now)},
        "too old": {"Stripe-Signature": signature(body, secret, now - 3600)},
        "changed body": {"Stripe-Signature": signature(body + b" ", secret, now)},
    }[how]

    answer = stranger.post("/webhooks/stripe", content=body, headers=headers)

    assert 400 <= answer.status_code < 500
    assert webhooks_kept(system, event_id) == 0


def test_redelivered_webhook_is_stored_once(system: RunningSystem, stranger: httpx.Client) -> None:
    secret = f"whsec_{DataFolder(system.data).secret('stripe_webhook')}"
    event_id = f"evt_{uuid4().hex}"
    body = json.dumps(
        {
            "id": event_id,
            "object": "event",
            "type": "customer.created",
            "data": {"object": {"id": "cus_1", "object": "customer"}},
        }
    ).encode()
    headers = {"Stripe-Signature": signature(body, secret, int(time.time()))}

    answers = [stranger.post("/webhooks/stripe", content=body, headers=headers) for _ in range(2)]

    assert [answer.is_success for answer in answers] == [True, True]
    assert webhooks_kept(system, event_id) == 1


def webhooks_kept(system: RunningSystem, event_id: str) -> int:
    with stores.reading(stores.database_url("checkout", DataFolder(system.data))) as conn:
        row = conn.execute(
            "SELECT count(*) AS n FROM webhook_inbox WHERE event_id = %s", (event_id,)
        ).fetchone()
        assert row is not None
        return int(row["n"])


def test_an_oversized_body(stranger: httpx.Client) -> None:
    answer = stranger.post("/api/sign-in-codes", content=b"x" * (1024 * 1024 + 1))

    assert refused(answer) == (413, "body_too_large")


def test_an_unpublished_pass_is_not_sold(
    fan: Visitor, creator: Visitor, showcase: Showcase
) -> None:
    slug = f"draft-{uuid4().hex[:6]}"
    drafted = creator.call(
        "POST",
        f"/api/spaces/{showcase.space}/passes",
        {
            "slug": slug,
            "name": "A draft",
            "description": "",
            "experience_ids": list(showcase.experiences.values()),
            "terms": {"pricing_type": "free", "currency": "EUR", "currency_exponent": 2},
        },
    )

    answer = fan.send("POST", "/api/orders", {"pass_id": drafted["pass_id"]})

    assert answer.status_code == 404
    assert fan.send("GET", f"/api/spaces/{showcase.space}/passes/{slug}").status_code == 404


@pytest.mark.parametrize(
    ("field", "from_now_s", "code"),
    [("sale_ends_at", 2, "sale_ended"), ("sale_starts_at", 3600, "not_yet_on_sale")],
)
def test_outside_its_sale_window_a_pass_is_not_sold(
    fan: Visitor, creator: Visitor, showcase: Showcase, field: str, from_now_s: int, code: str
) -> None:
    at = datetime.now(UTC) + timedelta(seconds=from_now_s)
    pass_id = publish_pass(
        creator,
        showcase.space,
        f"pass-{uuid4().hex[:6]}",
        "A pass",
        "",
        list(showcase.experiences.values()),
        {"pricing_type": "free", field: at.isoformat()},
    )
    if field == "sale_ends_at":
        wait_until(lambda: datetime.now(UTC) > at, "the end of the sale")

    answer = fan.send("POST", "/api/orders", {"pass_id": pass_id})

    assert refused(answer) == (409, code)
