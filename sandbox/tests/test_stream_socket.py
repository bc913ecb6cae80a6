"""The chat's WebSocket: who receives which events, and until when."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from sandbox.tests.chatting import ChatServer, running_chat


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[ChatServer]:
    with running_chat(tmp_path) as chat:
        yield chat


def test_first_frame_names_the_user_and_pings_are_answered(chat: ChatServer) -> None:
    with chat.listening("ann", name="Ann") as ann:
        ann.socket.send(json.dumps([{"type": "health.check", "client_id": "ann--1"}]))
        pong = ann.wait_for("health.check")

    assert ann.hello["type"] == "health.check"
    assert (ann.hello["me"]["id"], ann.hello["me"]["name"]) == ("ann", "Ann")
    assert pong["connection_id"] == ann.hello["connection_id"]


@pytest.mark.parametrize(
    ("lifetime_s", "secret", "expected"),
    [(-10, "a-secret-of-more-than-thirty-two-bytes", 40), (600, "x" * 40, 43)],
    ids=["expired", "forged"],
)
def test_a_bad_token_gets_an_error_frame_and_a_final_close(
    chat: ChatServer, lifetime_s: int, secret: str, expected: int
) -> None:
    token = chat.token("ann", lifetime_s, secret)

    with chat.listening("ann", token) as refused, pytest.raises(ConnectionClosed) as closed:
        refused.socket.recv(5)

    assert refused.hello["error"]["code"] == expected
    assert refused.hello["error"]["StatusCode"] == 401
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000


def test_nobody_makes_themselves_an_admin_or_somebody_else(chat: ChatServer) -> None:
    chat.experience("ann")

    with chat.listening("bob", chat.token("ann"), role="admin", teams=["staff"]) as listener:
        me = listener.hello["me"]

    assert (me["id"], me["role"], me["teams"]) == ("ann", "user", [])


def test_a_message_reaches_the_other_watcher(chat: ChatServer) -> None:
    chat.experience("ann", "bob")

    with chat.listening("ann") as ann, chat.listening("bob") as bob, chat.person("ann") as client:
        chat.watch(ann, "ann")
        chat.watch(bob, "bob")
        client.post("/channels/experience/live/message", json={"message": {"text": "hi bob"}})
        heard = bob.wait_for("message.new")

    assert heard["message"]["text"] == "hi bob"
    assert (heard["user"]["id"], heard["cid"]) == ("ann", "experience:live")


def test_a_member_who_does_not_watch_is_only_notified(chat: ChatServer) -> None:
    channel = chat.experience("ann", "bob")

    with chat.listening("bob") as bob, chat.listening("eve") as eve:
        channel.send_message({"text": "hi"}, "ann")
        notified = bob.wait_for("notification.message_new")
        heard_by_eve = eve.drain()

    assert notified["message"]["text"] == "hi"
    assert [event["type"] for event in bob.events] == ["notification.message_new"]
    assert heard_by_eve == []


def test_added_member_and_watchers_are_notified(chat: ChatServer) -> None:
    channel = chat.experience("ann")

    with chat.listening("ann") as ann, chat.listening("bob") as bob:
        chat.watch(ann, "ann")
        channel.add_members(["bob"])
        told = bob.wait_for("notification.added_to_channel")
        seen = ann.wait_for("member.added")

    assert told["channel"]["cid"] == "experience:live"
    assert seen["member"]["user_id"] == "bob"


def test_removed_member_receives_no_more_events(chat: ChatServer) -> None:
    channel = chat.experience("ann", "bob")

    with chat.listening("ann") as ann, chat.listening("bob") as bob:
        chat.watch(ann, "ann")
        chat.watch(bob, "bob")
        channel.remove_members(["bob"])
        channel.send_message({"text": "without bob"}, "ann")
        channel.send_reaction(channel.query()["messages"][0]["id"], {"type": "like"}, "ann")
        channel.update_partial({"title": "still without bob"})
        last = bob.wait_for("notification.removed_from_channel")
        later = bob.drain()
        still_heard = ann.wait_for("message.new")

    assert last["member"]["user_id"] == "bob"
    assert later == []
    assert still_heard["message"]["text"] == "without bob"


def test_a_removed_member_cannot_watch_again_until_added_again(chat: ChatServer) -> None:
    channel = chat.experience("ann", "bob")
    query = {"watch": True, "state": True}

    with chat.listening("bob") as bob:
        connection = str(bob.hello["connection_id"])
        with chat.person("bob", connection_id=connection) as client:
            channel.remove_members(["bob"])
            refused = client.post("/channels/experience/live/query", json=query)
            channel.add_members(["bob"])
            taken = client.post("/channels/experience/live/query", json=query)
        channel.send_message({"text": "welcome back"}, "ann")
        heard = bob.wait_for("message.new")

    assert (refused.status_code, refused.json()["code"]) == (403, 17)
    assert taken.status_code == 201
    assert heard["message"]["text"] == "welcome back"


def test_watchers_receive_changes_in_order(chat: ChatServer) -> None:
    channel = chat.experience("ann", "bob")

    with chat.listening("ann") as ann:
        chat.watch(ann, "ann")
        message_id = channel.send_message({"text": "hi"}, "bob")["message"]["id"]
        channel.send_reaction(message_id, {"type": "like"}, "bob")
        chat.sdk.update_message({"id": message_id, "text": "hello", "user_id": "bob"})
        channel.send_event({"type": "typing.start"}, "bob")
        channel.mark_read("bob")
        chat.sdk.delete_message(message_id)
        channel.ban_user("ann", banned_by_id="owner", reason="spam")
        channel.update_partial({"title": "New"})
        ann.wait_for("channel.updated")

    kinds = [event["type"] for event in ann.events if "watching" not in event["type"]]
    assert kinds == [
        "message.new",
        "reaction.new",
        "message.updated",
        "typing.start",
        "message.read",
        "message.deleted",
        "user.banned",
        "channel.updated",
    ]


def test_watching_needs_a_connection_of_ones_own(chat: ChatServer) -> None:
    chat.experience("ann", "bob")
    query = {"watch": True, "state": True}

    with chat.listening("bob") as bob:
        other = str(bob.hello["connection_id"])
        with chat.person("ann") as without, chat.person("ann", connection_id=other) as foreign:
            no_connection = without.post("/channels/experience/live/query", json=query)
            not_hers = foreign.post("/channels/experience/live/query", json=query)

    assert no_connection.json()["code"] == 4
    assert not_hers.json()["code"] == 46


def test_a_shadow_banned_person_talks_to_nobody(chat: ChatServer) -> None:
    channel = chat.experience("ann", "bob")
    channel.ban_user("bob", banned_by_id="owner", shadow=True)

    with chat.listening("ann") as ann, chat.listening("bob") as bob, chat.person("bob") as client:
        chat.watch(ann, "ann")
        chat.watch(bob, "bob")
        client.post("/channels/experience/live/message", json={"message": {"text": "spam"}})
        own = bob.wait_for("message.new")
        heard = ann.drain()

    assert own["message"]["shadowed"] is True
    assert [kind for kind in heard if kind.startswith("message")] == []


def test_a_deactivated_person_is_hung_up_on(chat: ChatServer) -> None:
    chat.experience("ann")

    with chat.listening("ann") as ann:
        chat.sdk.deactivate_user("ann")
        with pytest.raises(ConnectionClosed):
            ann.socket.recv(5)
    with chat.listening("ann") as again:
        refused = again.hello

    assert refused["error"]["code"] == 5
