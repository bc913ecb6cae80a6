"""Our channels through the official SDK, at a server that speaks GetStream's protocol."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from stream_chat import StreamChat

from services.chat.domain import Role
from services.chat.provider import ChannelMissing, PersonUnknown
from services.chat.stream_provider import CHANNEL_TYPE, MemberBatcher, StreamProvider
from services.chat.tests.conftest import KEY, SECRET

EXPERIENCE = uuid4()


@pytest.fixture(autouse=True)
def channel(provider: StreamProvider) -> UUID:
    provider.open_channel(EXPERIENCE, "Lounge")
    return EXPERIENCE


def a_person(provider: StreamProvider, name: str | None = None) -> UUID:
    person = uuid4()
    provider.introduce(person, name)
    return person


def as_person(provider: StreamProvider, person: UUID, verb: str, body: Any) -> httpx.Response:
    """What the browser of that person does with the token that we give."""
    now = datetime.now(UTC)
    return httpx.post(
        f"{provider.base_url}/channels/{CHANNEL_TYPE}/{EXPERIENCE}/{verb}",
        params={"api_key": KEY},
        headers={
            "Authorization": provider.token(person, now, now + timedelta(hours=1)),
            "stream-auth-type": "jwt",
        },
        json=body,
    )


def say(provider: StreamProvider, person: UUID) -> int:
    return as_person(provider, person, "message", {"message": {"text": "hello"}}).status_code


def read(provider: StreamProvider, person: UUID) -> int:
    return as_person(provider, person, "query", {"state": True}).status_code


def test_preparing_and_opening_again_changes_nothing(provider: StreamProvider) -> None:
    provider.prepare()
    provider.open_channel(EXPERIENCE, "Lounge")
    person = a_person(provider)

    provider.add_member(EXPERIENCE, person, Role.MEMBER)
    provider.add_member(EXPERIENCE, person, Role.MEMBER)

    assert say(provider, person) == 201


def test_only_members_read_and_write(provider: StreamProvider) -> None:
    member, stranger = a_person(provider), a_person(provider)
    provider.add_member(EXPERIENCE, member, Role.MEMBER)

    assert (read(provider, member), say(provider, member)) == (201, 201)
    assert (read(provider, stranger), say(provider, stranger)) == (403, 403)


def test_a_removed_member_neither_reads_nor_writes(provider: StreamProvider) -> None:
    person = a_person(provider)
    provider.add_member(EXPERIENCE, person, Role.MEMBER)

    provider.remove_member(EXPERIENCE, person)
    provider.remove_member(EXPERIENCE, person)

    assert (read(provider, person), say(provider, person)) == (403, 403)


def test_a_stranger_can_be_removed(provider: StreamProvider) -> None:
    provider.remove_member(EXPERIENCE, uuid4())
    provider.remove_member(uuid4(), uuid4())


def test_a_moderator_deletes_messages_of_others_and_a_member_does_not(
    provider: StreamProvider,
) -> None:
    member, moderator = a_person(provider), a_person(provider)
    provider.add_member(EXPERIENCE, member, Role.MEMBER)
    provider.add_member(EXPERIENCE, moderator, Role.MODERATOR)
    said = as_person(provider, moderator, "message", {"message": {"text": "first"}}).json()

    def delete(person: UUID) -> int:
        now = datetime.now(UTC)
        return httpx.delete(
            f"{provider.base_url}/messages/{said['message']['id']}",
            params={"api_key": KEY},
            headers={
                "Authorization": provider.token(person, now, now + timedelta(hours=1)),
                "stream-auth-type": "jwt",
            },
        ).status_code

    assert (delete(member), delete(moderator)) == (403, 200)


def test_a_change_of_role_reaches_the_member(provider: StreamProvider) -> None:
    person = a_person(provider)
    provider.add_member(EXPERIENCE, person, Role.MEMBER)

    provider.change_role(EXPERIENCE, person, Role.MODERATOR)

    [member] = (as_person(provider, person, "query", {"state": True}).json()["membership"],)
    assert member["channel_role"] == "channel_moderator"


def test_what_the_provider_does_not_know_is_told_apart(provider: StreamProvider) -> None:
    with pytest.raises(PersonUnknown):
        provider.add_member(EXPERIENCE, uuid4(), Role.MEMBER)
    with pytest.raises(ChannelMissing):
        provider.add_member(uuid4(), a_person(provider), Role.MEMBER)


def test_a_token_holds_the_person_and_its_lifetime_alone(provider: StreamProvider) -> None:
    person, now = uuid4(), datetime.now(UTC).replace(microsecond=0)

    token = provider.token(person, now, now + timedelta(hours=1))

    claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    assert claims["user_id"] == str(person)
    assert claims["exp"] - now.timestamp() == 3600
    assert set(claims) == {"user_id", "exp", "iat"}


def test_people_who_wait_together_are_added_by_one_call() -> None:
    calls: list[list[str]] = []
    first_call_began, go_on = threading.Event(), threading.Event()

    def add_members(channel: str, members: Any) -> None:
        calls.append([member["user_id"] for member in members])
        first_call_began.set()
        go_on.wait(5)

    batcher = MemberBatcher(add_members)
    with ThreadPoolExecutor(5) as threads:
        added = [threads.submit(batcher.add, "lounge", {"user_id": "0"})]
        first_call_began.wait(5)
        added += [threads.submit(batcher.add, "lounge", {"user_id": f"{n}"}) for n in range(1, 5)]
        while batcher.waiting("lounge") < 4:
            pass
        go_on.set()
        for each in added:
            each.result()

    assert [sorted(call) for call in calls] == [["0"], ["1", "2", "3", "4"]]


def test_a_refused_person_keeps_nobody_else_out(provider: StreamProvider) -> None:
    known, unknown = [a_person(provider) for _ in range(6)], uuid4()

    with ThreadPoolExecutor(7) as threads:
        added = {
            person: threads.submit(provider.add_member, EXPERIENCE, person, Role.MEMBER)
            for person in [*known[:3], unknown, *known[3:]]
        }

    assert isinstance(added.pop(unknown).exception(), PersonUnknown)
    assert [each.exception() for each in added.values()] == [None] * 6


def test_the_stock_channel_type_would_let_strangers_in(provider: StreamProvider) -> None:
    """The control: without our own type the test above would find no closed door."""
    stranger, now = a_person(provider), datetime.now(UTC)
    client = StreamChat(KEY, SECRET, base_url=provider.base_url)
    client.channel("livestream", str(EXPERIENCE)).create(str(a_person(provider)))

    answer = httpx.post(
        f"{provider.base_url}/channels/livestream/{EXPERIENCE}/message",
        params={"api_key": KEY},
        headers={
            "Authorization": provider.token(stranger, now, now + timedelta(hours=1)),
            "stream-auth-type": "jwt",
        },
        json={"message": {"text": "I never paid"}},
    )
    client.session.close()

    assert answer.status_code == 201


def test_all_members_are_listed_with_their_roles(provider: StreamProvider) -> None:
    channel, people = uuid4(), [a_person(provider) for _ in range(103)]
    provider.open_channel(channel, "Large")
    for person in people[1:]:
        provider.add_member(channel, person, Role.MEMBER)
    provider.add_member(channel, people[0], Role.MODERATOR)

    listed = provider.list_members(channel)

    assert listed == dict.fromkeys(people, Role.MEMBER) | {people[0]: Role.MODERATOR}
    assert provider.list_members(uuid4()) == {}
