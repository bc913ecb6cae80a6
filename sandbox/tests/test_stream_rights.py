"""The grants of a members-only channel type are enforced on every call."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.state import State
from sandbox.stream.chat import Chat
from sandbox.stream.store import stamp
from sandbox.stream.tokens import Keys
from sandbox.tests.chatting import KEY, SECRET, ChatServer, running_chat

LIVE = "/channels/experience/live"


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[ChatServer]:
    with running_chat(tmp_path) as chat:
        yield chat


def code(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json().get("code", 0)


def test_a_stranger_can_neither_read_nor_write_nor_find_the_channel(chat: ChatServer) -> None:
    message_id = chat.experience("ann").send_message({"text": "inside"}, "ann")["message"]["id"]

    with chat.person("eve") as eve:
        answers = [
            eve.post(f"{LIVE}/query", json={"state": True}),
            eve.post(f"{LIVE}/message", json={"message": {"text": "let me in"}}),
            eve.get(f"/messages/{message_id}"),
            eve.get(f"/messages/{message_id}/replies"),
            eve.post(f"/messages/{message_id}/reaction", json={"reaction": {"type": "like"}}),
            eve.post(f"{LIVE}/event", json={"event": {"type": "typing.start"}}),
            eve.post(f"{LIVE}/read", json={}),
            eve.post(LIVE, json={"add_members": ["eve"]}),
            eve.post("/channels/experience/new/query", json={"data": {"members": ["eve"]}}),
        ]
        search = eve.post("/channels", json={"filter_conditions": {"type": "experience"}})
        members_of_ann = eve.post(
            "/channels", json={"filter_conditions": {"members": {"$in": ["ann"]}}}
        )

    assert [code(answer) for answer in answers] == [(403, 17)] * len(answers)
    assert code(search) == code(members_of_ann) == (403, 70)
    assert "is not allowed to perform action ReadChannel in scope 'experience'" in answers[0].text


def test_a_member_reads_writes_and_finds_the_channel(chat: ChatServer) -> None:
    chat.experience("ann")

    with chat.person("ann") as ann:
        sent = ann.post(f"{LIVE}/message", json={"message": {"text": "hi"}})
        read = ann.post(f"{LIVE}/query", json={"state": True})
        asked = {"filter_conditions": {"type": "experience", "members": {"$in": ["ann"]}}}
        found = ann.post("/channels", json=asked)

    assert (sent.status_code, read.status_code, found.status_code) == (201, 201, 201)
    assert read.json()["membership"]["user_id"] == "ann"
    assert "send-message" in read.json()["channel"]["own_capabilities"]
    assert [one["channel"]["id"] for one in found.json()["channels"]] == ["live"]


def test_a_member_gets_no_further_than_the_grants(chat: ChatServer) -> None:
    channel = chat.experience("ann", "bob")
    message_id = channel.send_message({"text": "bob's"}, "bob")["message"]["id"]
    ban = {"target_user_id": "bob", "type": "experience", "id": "live"}
    pin = {"set": {"pinned": True}}
    link = {"message": {"text": "see https://example.com"}}

    with chat.person("ann") as ann:
        answers = [
            ann.post(LIVE, json={"add_members": ["eve"]}),
            ann.post(LIVE, json={"remove_members": ["bob"]}),
            ann.post(LIVE, json={"add_moderators": ["ann"]}),
            ann.post(LIVE, json={"data": {"title": "mine"}}),
            ann.patch(LIVE, json={"set": {"cooldown": 10}}),
            ann.patch(f"{LIVE}/member", json={"set": {"channel_role": "channel_moderator"}}),
            ann.delete(LIVE),
            ann.post(f"{LIVE}/truncate", json={}),
            ann.post("/moderation/ban", json=ban),
            ann.delete(f"/messages/{message_id}"),
            ann.post(f"/messages/{message_id}", json={"message": {"text": "changed"}}),
            ann.put(f"/messages/{message_id}", json=pin),
            ann.post(f"{LIVE}/message", json=link),
            ann.post("/channeltypes", json={"name": "own"}),
            ann.patch("/users", json={"users": [{"id": "ann", "set": {"role": "admin"}}]}),
            ann.patch("/users", json={"users": [{"id": "bob", "set": {"name": "Bo"}}]}),
        ]

    assert [code(answer) for answer in answers] == [(403, 17)] * len(answers)


def test_non_member_changes_nothing_of_a_channel(chat: ChatServer) -> None:
    chat.experience("ann")
    bodies = [{}, {"accept_invite": True}, {"message": {"text": "hi"}}, {"remove_members": []}]

    with chat.person("eve") as eve, chat.person("ann") as ann:
        answers = [eve.post(LIVE, json=body) for body in bodies]
        member = ann.post(LIVE, json={})

    assert [code(answer) for answer in answers] == [(403, 17)] * len(answers)
    assert member.status_code == 201


def test_a_claim_to_be_somebody_else_is_ignored(chat: ChatServer) -> None:
    chat.experience("ann")

    with chat.person("eve", user_id="ann") as eve:
        message = {"text": "it's me, ann", "user_id": "ann"}
        answer = eve.post(f"{LIVE}/message", json={"message": message})

    assert code(answer) == (403, 17)


def test_a_moderator_of_the_channel_may_moderate_it(chat: ChatServer) -> None:
    channel = chat.experience("ann", "bob")
    channel.add_moderators(["ann"])
    message_id = channel.send_message({"text": "rude"}, "bob")["message"]["id"]
    chat.sdk.flag_message(message_id, user_id="bob")
    ban = {"target_user_id": "bob", "type": "experience", "id": "live", "reason": "rude"}

    with chat.person("ann") as ann:
        answers = [
            ann.post("/moderation/ban", json=ban),
            ann.delete(f"/messages/{message_id}"),
            ann.patch(LIVE, json={"set": {"cooldown": 10}}),
        ]
        flags = ann.get("/moderation/flags/message").json()["flags"]

    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert [flag["message"]["id"] for flag in flags] == [message_id]


def test_a_banned_member_may_read_but_not_talk(chat: ChatServer) -> None:
    channel = chat.experience("ann")
    message_id = channel.send_message({"text": "hi"}, "ann")["message"]["id"]
    chat.sdk.ban_user("ann", banned_by_id="owner", reason="spam")

    with chat.person("ann") as ann:
        read = ann.post(f"{LIVE}/query", json={"state": True})
        refused = [
            ann.post(f"{LIVE}/message", json={"message": {"text": "again"}}),
            ann.post(f"/messages/{message_id}/reaction", json={"reaction": {"type": "like"}}),
            ann.post(f"/messages/{message_id}", json={"message": {"text": "changed"}}),
        ]
        chat.sdk.unban_user("ann")
        again = ann.post(f"{LIVE}/message", json={"message": {"text": "sorry"}})

    assert read.status_code == 201
    assert [code(answer) for answer in refused] == [(403, 17)] * 3
    assert again.status_code == 201


def test_a_ban_ends_with_its_time(tmp_path: Path) -> None:
    state = State(tmp_path / "state.db")
    chat = Chat(state, Keys(KEY, SECRET))
    now = datetime.now(UTC)
    ban: dict[str, Any] = {
        "cid": "",
        "user_id": "ann",
        "shadow": False,
        "expires": stamp(now + timedelta(minutes=1)),
    }

    chat.store.bans.put(ban)
    during = chat.shapes.live_ban("", "ann")
    chat.store.bans.put({**ban, "expires": stamp(now - timedelta(seconds=1))})

    after = chat.shapes.live_ban("", "ann")
    state.close()
    assert during is not None
    assert after is None


def test_slow_mode_holds_members_back_but_not_the_server(chat: ChatServer) -> None:
    channel = chat.experience("ann")
    channel.update_partial({"cooldown": 30})

    with chat.person("ann") as ann:
        first = ann.post(f"{LIVE}/message", json={"message": {"text": "one"}})
        second = ann.post(f"{LIVE}/message", json={"message": {"text": "two"}})
        shown = ann.post(f"{LIVE}/query", json={}).json()["channel"]

    assert first.status_code == 201
    assert code(second) == (403, 60)
    assert (shown["cooldown"], "slow-mode" in shown["own_capabilities"]) == (30, True)
    assert channel.send_message({"text": "three"}, "ann")["message"]["text"] == "three"


@pytest.mark.parametrize(
    ("feature", "path", "body", "expected"),
    [
        ("typing_events", "event", {"event": {"type": "typing.start"}}, 18),
        ("read_events", "read", {}, 19),
        ("custom_events", "event", {"event": {"type": "wave"}}, 18),
    ],
)
def test_a_feature_that_is_off_is_refused(
    chat: ChatServer, feature: str, path: str, body: dict[str, Any], expected: int
) -> None:
    chat.experience("ann")
    chat.sdk.update_channel_type("experience", **{feature: False})

    with chat.person("ann") as ann:
        answer = ann.post(f"{LIVE}/{path}", json=body)

    assert code(answer) == (400, expected)


def test_an_expired_a_future_and_a_revoked_token_are_refused(chat: ChatServer) -> None:
    chat.experience("ann")
    early = chat.sdk.create_token("ann", iat=int(datetime.now(UTC).timestamp()) + 600)

    with chat.person("ann", token=chat.token("ann", lifetime_s=-10)) as expired:
        late_answer = expired.post(f"{LIVE}/query", json={})
    with chat.person("ann", token=early) as future:
        early_answer = future.post(f"{LIVE}/query", json={})
    chat.sdk.revoke_user_token("ann", datetime.now(UTC))
    with chat.person("ann") as revoked:
        revoked_answer = revoked.post(f"{LIVE}/query", json={})

    assert code(late_answer) == (401, 40)
    assert code(early_answer) == (401, 42)
    assert code(revoked_answer) == (401, 40)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"message": 7}', b'{"message": {"text": 7}}'])
def test_malformed_bodies_are_refused_and_store_nothing(chat: ChatServer, body: bytes) -> None:
    channel = chat.experience("ann")

    with chat.person("ann") as ann:
        answer = ann.post(f"{LIVE}/message", content=body)

    assert code(answer) == (400, 4)
    assert channel.query()["messages"] == []


def test_too_long_a_message_is_refused(chat: ChatServer) -> None:
    chat.experience("ann")
    chat.sdk.update_channel_type("experience", max_message_length=10)

    with chat.person("ann") as ann:
        answer = ann.post(f"{LIVE}/message", json={"message": {"text": "x" * 11}})

    assert code(answer) == (400, 20)


def test_anybody_reads_a_stock_livestream_channel(chat: ChatServer) -> None:
    """The positive control: with the stock type, a stranger gets in."""
    chat.experience()
    chat.sdk.channel("livestream", "open").create("owner")

    with chat.person("eve") as eve:
        read = eve.post("/channels/livestream/open/query", json={"state": True})
        sent = eve.post("/channels/livestream/open/message", json={"message": {"text": "hi"}})

    assert (read.status_code, sent.status_code) == (201, 201)


def test_message_deleted_for_me_stays_for_the_others(chat: ChatServer) -> None:
    channel = chat.experience("ann", "bob")
    message_id = channel.send_message({"text": "hi"}, "bob")["message"]["id"]

    with chat.listening("ann") as ann, chat.listening("bob") as bob:
        chat.watch(ann, "ann")
        chat.watch(bob, "bob")
        with chat.person("ann", delete_for_me="true") as client:
            answer = client.delete(f"/messages/{message_id}").json()["message"]
        told = ann.wait_for("message.deleted")
        heard_by_bob = bob.drain()

    assert (answer["type"], answer["deleted_for_me"], answer["text"]) == ("deleted", True, "")
    assert told["deleted_for_me"] is True
    assert "deleted_for_me" not in told["message"]
    assert "message.deleted" not in heard_by_bob
    seen = {}
    for person in ("ann", "bob"):
        with chat.person(person) as client:
            state = client.post(f"{LIVE}/query", json={"state": True}).json()
        seen[person] = state["messages"][0]
    assert (seen["ann"]["type"], seen["ann"]["text"]) == ("deleted", "")
    assert (seen["bob"]["type"], seen["bob"]["text"]) == ("regular", "hi")
    assert "deleted_for_me" not in seen["bob"]


def test_message_deleted_for_me_counts_no_longer_as_unread(chat: ChatServer) -> None:
    channel = chat.experience("ann", "bob")
    message_id = channel.send_message({"text": "hi"}, "bob")["message"]["id"]

    with chat.person("ann") as client:
        before = client.get("/unread").json()["total_unread_count"]
        client.delete(f"/messages/{message_id}", params={"delete_for_me": "true"})
        after = client.get("/unread").json()["total_unread_count"]

    assert (before, after) == (1, 0)


def test_server_deletes_a_message_for_one_person(chat: ChatServer) -> None:
    channel = chat.experience("ann", "bob")
    message_id = channel.send_message({"text": "hi"}, "bob")["message"]["id"]

    hidden = chat.sdk.delete_message(message_id, delete_for_me=True, deleted_by="ann")

    assert hidden["message"]["deleted_for_me"] is True
    assert chat.sdk.get_message(message_id)["message"]["text"] == "hi"


def test_stranger_and_hard_deletion_are_refused_a_deletion_for_me(chat: ChatServer) -> None:
    message_id = chat.experience("ann").send_message({"text": "hi"}, "ann")["message"]["id"]

    with chat.person("eve", delete_for_me="true") as eve:
        by_stranger = eve.delete(f"/messages/{message_id}")
    with chat.person("ann", delete_for_me="true", hard="true") as ann:
        hard = ann.delete(f"/messages/{message_id}")

    assert code(by_stranger) == (403, 17)
    assert code(hard) == (400, 4)
