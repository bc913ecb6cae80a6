"""Whatever reaches the webhooks causes no server error, and nothing unsigned is stored.

Each service runs on a real database with the provider's own verification. It is called directly,
and through the gateway as anybody can.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from libs.runtime.http.app import create_app
from libs.runtime.scheduling.clock import SystemClock
from libs.runtime.store.store import Store
from libs.web.clients import Services
from services.checkout import __main__ as checkout
from services.checkout.settings import Settings as CheckoutSettings
from services.checkout.tests.fakes import FakeProvider
from services.gateway.app import build_edge, create_gateway
from services.gateway.tests.builders import settings as gateway_settings
from services.streaming import http as streaming_http
from services.streaming.__main__ import streaming_store
from services.streaming.livekit_provider import LiveKitProvider
from services.streaming.settings import Settings as StreamingSettings
from services.streaming.tests.fakes import VideoServerInMemory

STRIPE_SECRET = "whsec_of_these_tests"
LIVEKIT_KEY, LIVEKIT_SECRET = "key", "a secret of LiveKit, of 32 signs or more"
PERSON_SECRET = "a secret of person tokens, of 32 signs"
TEN_MEGABYTES = 10 * 1024 * 1024

ODD_BODIES = {
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"id":' * 20_000,
    "half characters": b'{"id": "\\ud800", "type": "a", "event": "b", "data": {"object": {}}}',
    "a NUL": b'{"id": "a\\u0000", "type": "b", "event": "c", "data": {"object": {"object": ""}}}',
    "a huge number": b'{"id": ' + b"9" * 5000 + b"}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "no numbers": b'{"id": NaN, "type": Infinity}',
}

Headers = list[tuple[bytes, bytes]]

pytestmark = pytest.mark.slow(300, "sends thousands of hostile webhooks")

fuzzed = settings(
    max_examples=60,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass
class Door:
    """One webhook: its address, its signature header, and what was stored."""

    app: FastAPI
    path: str
    signature: bytes
    store: Store[Any]

    async def knock(self, headers: Headers, body: bytes) -> int:
        """Return the status of the answer; a server would let no line break into a header."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://pass") as client:
            answer = await client.post(self.path, content=body, headers=headers)
        return answer.status_code

    def kept(self) -> int:
        counted = "SELECT count(*) AS n FROM webhook_inbox"
        return int(self.store.query(lambda curs: curs.execute(counted).fetchone()["n"]))  # type: ignore[index]

    def sign(self, body: bytes) -> Headers:
        if self.signature == b"stripe-signature":
            return [(self.signature, stripe_signature(body, STRIPE_SECRET))]
        return [(self.signature, livekit_signature(body, LIVEKIT_SECRET))]


def stripe_signature(body: bytes, secret: str) -> bytes:
    at = int(time.time())
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={digest.hexdigest()}".encode()


def livekit_signature(body: bytes, secret: str) -> bytes:
    claims = {
        "iss": LIVEKIT_KEY,
        "exp": int(time.time()) + 300,
        "sha256": base64.b64encode(hashlib.sha256(body).digest()).decode(),
    }
    return jwt.encode(claims, secret, algorithm="HS256").encode()


def checkout_settings(database: str, webhook_secrets: str = STRIPE_SECRET) -> CheckoutSettings:
    return CheckoutSettings(
        http_port=1,
        database_url=database,
        nats_url="nats://127.0.0.1:1",
        person_token_secret=PERSON_SECRET,
        stripe_api_key="sk_test_tests",
        stripe_publishable_key="pk_test_tests",
        stripe_webhook_secrets=webhook_secrets,
    )


@pytest.fixture
def stripe_door(database: str) -> Iterator[Door]:
    service = checkout.compose(checkout_settings(database), SystemClock(), FakeProvider())
    service.store.open()
    yield Door(service.app, "/webhooks/stripe", b"stripe-signature", service.store)
    service.store.close()


async def _ready() -> dict[str, str]:
    return {"status": "ready"}


@pytest.fixture
def livekit_door(database: str) -> Iterator[Door]:
    store = streaming_store(database, SystemClock())
    store.open()
    provider = LiveKitProvider("ws://127.0.0.1:1", LIVEKIT_KEY, LIVEKIT_SECRET)
    app = create_app(
        "streaming",
        person_token_secret=PERSON_SECRET,
        routers=[streaming_http.streaming_router(store, provider, VideoServerInMemory())],
        refusals=streaming_http.REFUSALS,
        ready=_ready,
    )
    yield Door(app, "/webhooks/livekit", b"authorization", store)
    provider.close()
    store.close()


def through_the_gateway(door: Door) -> Door:
    """The same route behind the one that faces the internet."""
    behind = httpx.AsyncClient(
        transport=httpx.ASGITransport(door.app, raise_app_exceptions=False),
        base_url="http://behind",
    )
    services = Services({"checkout": behind, "streaming": behind}, patience_s=0.0)
    edge = build_edge(gateway_settings(), services, SystemClock())
    return Door(create_gateway(edge), door.path, door.signature, door.store)


@pytest.fixture(params=["stripe", "livekit"])
def direct(request: pytest.FixtureRequest) -> Door:
    door: Door = request.getfixturevalue(f"{request.param}_door")
    return door


@pytest.fixture(params=["directly", "through the gateway"])
def door(request: pytest.FixtureRequest, direct: Door) -> Door:
    return direct if request.param == "directly" else through_the_gateway(direct)


# The characters that a server accepts in a header: no control character but the tab.
header_values = st.binary(max_size=80).map(
    lambda raw: bytes(b for b in raw if b == 9 or (b >= 32 and b != 127)).strip()
)
signatures = st.one_of(
    header_values,
    header_values.map(lambda raw: b"t=1,v1=" + raw),
    header_values.map(lambda raw: b"t=" + raw + b",v1=\xe9"),
    header_values.map(lambda raw: b"Bearer " + raw),
    header_values.map(lambda raw: b"eyJhbGciOiJub25lIn0." + raw + b"."),
)
other_headers = st.lists(
    st.tuples(
        st.sampled_from(
            [b"content-type", b"user-agent", b"host", b"accept", b"cookie", b"x-forwarded-for",
             b"traceparent", b"idempotency-key", b"accept-language"]
        ),
        header_values,
    ),
    max_size=4,
)  # fmt: skip

odd_texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", "\x00", "evt_\x00", "é", "\U0001f3ab"]),
    st.sampled_from([256, 70_000]).map(lambda length: "x" * length),
)
odd_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), odd_texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_texts, inner, max_size=3),
    max_leaves=8,
)
odd_events = st.fixed_dictionaries(
    {},
    optional={
        "id": odd_values,
        "type": odd_values,
        "event": odd_values,
        "createdAt": odd_values,
        "room": odd_values | st.fixed_dictionaries({"name": odd_values}),
        "participant": odd_values | st.fixed_dictionaries({"identity": odd_values}),
        "data": odd_values
        | st.fixed_dictionaries(
            {
                "object": odd_values
                | st.fixed_dictionaries(
                    {"id": odd_values, "object": st.just("payment_intent") | odd_values},
                    optional={"payment_intent": odd_values},
                )
            }
        ),
    },
)
odd_bodies = st.one_of(
    st.binary(max_size=200),
    odd_values.map(lambda value: json.dumps(value).encode()),
    odd_events.map(lambda event: json.dumps(event).encode()),
    odd_events.map(lambda event: json.dumps(event, ensure_ascii=False).encode(errors="replace")),
    st.sampled_from(sorted(ODD_BODIES)).map(lambda name: ODD_BODIES[name]),
)


@fuzzed
@given(signature=signatures | st.none(), headers=other_headers, body=odd_bodies)
async def test_unsigned_webhook_is_refused_and_not_stored(
    door: Door, signature: bytes | None, headers: Headers, body: bytes
) -> None:
    given_headers = headers + ([] if signature is None else [(door.signature, signature)])

    status = await door.knock(given_headers, body)

    assert 400 <= status < 500
    assert door.kept() == 0


@fuzzed
@given(headers=other_headers, body=odd_bodies)
async def test_odd_signed_webhook_is_stored_or_refused_without_a_fault(
    door: Door, headers: Headers, body: bytes
) -> None:
    before = door.kept()

    status = await door.knock(headers + door.sign(body), body)

    assert status < 500
    assert status < 300 or door.kept() == before


async def test_signed_webhook_is_stored(door: Door) -> None:
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "event": "room_finished",
        "data": {"object": {"id": "pi_1", "object": "payment_intent"}},
    }
    body = json.dumps(event).encode()

    status = await door.knock(door.sign(body), body)

    assert (status // 100, door.kept()) == (2, 1)


async def test_ten_megabytes_are_refused_also_when_signed(door: Door) -> None:
    body = b'{"id": "evt_1", "type": "x", "event": "x", "data": "' + b"x" * TEN_MEGABYTES + b'"}'

    status = await door.knock(door.sign(body), body)

    assert (status, door.kept()) == (413, 0)


async def test_webhook_signed_with_an_empty_secret_is_refused(door: Door) -> None:
    body = b'{"id": "evt_1", "type": "x", "event": "x", "data": {"object": {"object": "x"}}}'
    signed = (
        stripe_signature(body, "") if b"stripe" in door.signature else _signed_with_nothing(body)
    )

    status = await door.knock([(door.signature, signed)], body)

    assert 400 <= status < 500
    assert door.kept() == 0


def _signed_with_nothing(body: bytes) -> bytes:
    """Return a token as `livekit_signature` makes it; the library refuses an empty key."""
    head, claims, _ = livekit_signature(body, LIVEKIT_SECRET).split(b".")
    digest = hmac.new(b"", head + b"." + claims, hashlib.sha256).digest()
    return b".".join([head, claims, base64.urlsafe_b64encode(digest).rstrip(b"=")])


@pytest.mark.parametrize("secrets", ["", ",", " , "])
async def test_empty_secret_refuses_all_stripe_webhooks(database: str, secrets: str) -> None:
    service = checkout.compose(checkout_settings(database, secrets), SystemClock(), FakeProvider())
    door = Door(service.app, "/webhooks/stripe", b"stripe-signature", service.store)
    body = b"{}"

    status = await door.knock([(door.signature, stripe_signature(body, ""))], body)

    assert status == 404


def test_streaming_does_not_start_with_an_empty_secret(database: str) -> None:
    with pytest.raises(ValidationError, match="livekit_api_secret"):
        StreamingSettings(
            http_port=1,
            database_url=database,
            nats_url="nats://127.0.0.1:1",
            person_token_secret=PERSON_SECRET,
            livekit_url="ws://127.0.0.1:1",
            livekit_api_key=LIVEKIT_KEY,
            livekit_api_secret="",
        )
