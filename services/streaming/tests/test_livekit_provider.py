"""Rooms through the official SDK: the same against a real livekit-server and the sandbox."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import jwt
import pytest

from services.streaming.livekit_provider import LiveKitProvider
from services.streaming.provider import ForgedWebhook, Participant
from services.streaming.tests.conftest import KEY, SECRET
from services.streaming.tests.visitors import Visitors

STREAM = UUID(int=7)


@pytest.fixture
def visitors(livekit: str) -> Visitors:
    return Visitors(livekit)


def webhook(body: str, secret: str = SECRET, age: timedelta = timedelta(0)) -> str:
    """Return LiveKit's Authorization header."""
    issued = datetime.now(UTC) - age
    digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
    claims = {"iss": KEY, "nbf": issued, "exp": issued + timedelta(minutes=5), "sha256": digest}
    return jwt.encode(claims, secret, algorithm="HS256")


def test_a_room_opens_and_closes_however_often_it_is_asked(provider: LiveKitProvider) -> None:
    stream_id = uuid4()
    provider.open_room(stream_id)
    provider.open_room(stream_id)
    opened = provider.has_room(stream_id)

    provider.close_room(stream_id)
    provider.close_room(stream_id)

    assert (opened, provider.has_room(stream_id)) == (True, False)


def test_a_room_that_is_not_there_has_nobody_in_it(provider: LiveKitProvider) -> None:
    assert list(provider.list_participants(uuid4())) == []


def test_removing_an_absent_participant_does_nothing(provider: LiveKitProvider) -> None:
    stream_id = uuid4()
    provider.remove_participant(stream_id, "someone")
    provider.open_room(stream_id)

    provider.remove_participant(stream_id, "someone")


async def test_participant_with_our_token_is_listed_and_can_be_removed(
    provider: LiveKitProvider, visitors: Visitors
) -> None:
    stream_id, person, creator = uuid4(), uuid4(), uuid4()
    provider.open_room(stream_id)
    watch = provider.token(stream_id, person, host=False)
    publish = provider.token(stream_id, creator, host=True)
    async with visitors.enter(watch), visitors.enter(publish):
        there = set(provider.list_participants(stream_id))
        provider.remove_participant(stream_id, str(person))
        left = list(provider.list_participants(stream_id))

    assert there == {
        Participant(str(person), person, is_host=False),
        Participant(f"host-{creator}", creator, is_host=True),
    }
    assert left == [Participant(f"host-{creator}", creator, is_host=True)]


def test_a_viewer_watches_one_room_for_ten_minutes_and_publishes_nothing(
    provider: LiveKitProvider,
) -> None:
    person = uuid4()

    issued = provider.token(STREAM, person, host=False)

    claims = jwt.decode(issued.token, SECRET, algorithms=["HS256"])
    assert claims["sub"] == issued.identity == str(person)
    assert claims["video"] == {
        "roomJoin": True,
        "room": str(STREAM),
        "canPublish": False,
        "canPublishData": False,
        "canSubscribe": True,
    }
    assert timedelta(0) < issued.expires_at - datetime.now(UTC) <= timedelta(minutes=10)
    assert abs(claims["exp"] - issued.expires_at.timestamp()) <= 1


def test_host_publishes_and_may_watch_beside_it(
    provider: LiveKitProvider,
) -> None:
    person = uuid4()

    issued = provider.token(STREAM, person, host=True)

    claims = jwt.decode(issued.token, SECRET, algorithms=["HS256"])
    assert claims["video"]["canPublish"] is True
    assert "roomAdmin" not in claims["video"]
    assert issued.identity != str(person)


def test_a_webhook_of_ours_is_read(provider: LiveKitProvider) -> None:
    person = uuid4()
    body = json.dumps(
        {
            "id": "EV_1",
            "event": "participant_joined",
            "room": {"name": str(STREAM)},
            "participant": {"identity": str(person), "kind": "STANDARD"},
            "something": "new",
        }
    )

    told = provider.verify_webhook(body, webhook(body))

    assert (told.event_id, told.kind, told.stream_id) == ("EV_1", "participant_joined", STREAM)
    assert told.participant == Participant(str(person), person, is_host=False)


def test_a_machine_in_a_room_that_is_not_ours_is_nobody(provider: LiveKitProvider) -> None:
    body = json.dumps(
        {
            "id": "EV_2",
            "event": "participant_joined",
            "room": {"name": "elsewhere"},
            "participant": {"identity": "EG_1", "kind": "EGRESS"},
        }
    )

    told = provider.verify_webhook(body, webhook(body))

    assert told.stream_id is None
    assert told.participant == Participant("EG_1", None, is_host=False, is_machine=True)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "nonsense",
        webhook("{}", secret="another secret, of 32 signs or more"),
        webhook('{"id": "another body"}'),
        webhook("{}", age=timedelta(minutes=10)),
        jwt.encode({"iss": KEY, "exp": 4102444800}, SECRET, algorithm="HS256"),
    ],
    ids=["none", "nonsense", "wrong_secret", "changed_body", "old", "no_hash"],
)
def test_a_forged_webhook_is_refused(provider: LiveKitProvider, authorization: str) -> None:
    with pytest.raises(ForgedWebhook):
        provider.verify_webhook("{}", authorization)
