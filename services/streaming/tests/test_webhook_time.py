"""A LiveKit webhook is valid only around its own time."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator

import jwt
import pytest

from services.streaming.livekit_provider import LiveKitProvider
from services.streaming.provider import ForgedWebhook

KEY, SECRET = "key", "a secret of LiveKit, of 32 signs or more"


@pytest.fixture
def provider() -> Iterator[LiveKitProvider]:
    provider = LiveKitProvider("ws://127.0.0.1:1", KEY, SECRET)
    yield provider
    provider.close()


def signed(created_at: float, **claims: float) -> tuple[str, str]:
    body = json.dumps({"id": "EV_1", "event": "room_started", "createdAt": str(int(created_at))})
    digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
    told = {"iss": KEY, "exp": int(time.time()) + 300, "sha256": digest}
    return body, jwt.encode(told | {k: int(v) for k, v in claims.items()}, SECRET, "HS256")


def test_present_webhook_is_accepted_despite_clock_skew(provider: LiveKitProvider) -> None:
    now = time.time()

    assert provider.verify_webhook(*signed(now + 30, nbf=now + 30)).event_id == "EV_1"


@pytest.mark.parametrize("claim", ["created_at", "nbf", "iat"])
def test_a_webhook_of_the_future_is_refused(provider: LiveKitProvider, claim: str) -> None:
    now = time.time()
    later = {claim: now + 3600}

    with pytest.raises(ForgedWebhook):
        provider.verify_webhook(*signed(**{"created_at": now} | later))


def test_a_webhook_whose_token_is_over_is_refused(provider: LiveKitProvider) -> None:
    now = time.time()

    with pytest.raises(ForgedWebhook):
        provider.verify_webhook(*signed(now, exp=now - 120))
