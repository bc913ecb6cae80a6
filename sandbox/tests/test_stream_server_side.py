"""The chat as the app's own server uses it, through the official Python SDK."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from stream_chat import StreamChat
from stream_chat.base.exceptions import StreamAPIException

from sandbox.tests.chatting import KEY, MEMBERS_ONLY, ChatServer, running_chat
from sandbox.tests.process import running_sandbox


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[ChatServer]:
    with running_chat(tmp_path) as chat:
        yield chat


def test_a_channel_type_of_our_own_keeps_its_grants(chat: ChatServer) -> None:
    chat.sdk.create_channel_type({"name": "experience", "grants": MEMBERS_ONLY})

    chat.sdk.update_channel_type("experience", grants={"user": ["read-channel"]}, replies=False)

    kept = chat.sdk.get_channel_type("experience")
    assert kept["grants"]["user"] == ["read-channel"]
    assert kept["grants"]["channel_member"] == sorted(MEMBERS_ONLY["channel_member"])
    assert kept["replies"] is False
    assert {"messaging", "livestream", "experience"} <= set(
        chat.sdk.list_channel_types()["channel_types"]
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "no spaces"},
        {"name": "x", "grants": {"user": ["read-chanel"]}},
        {"name": "x", "max_message_length": 0},
        {"name": "messaging"},
    ],
)
def test_a_wrong_channel_type_is_refused(chat: ChatServer, wrong: dict[str, object]) -> None:
    with pytest.raises(StreamAPIException) as refused:
        chat.sdk.create_channel_type(wrong)

    assert (refused.value.status_code, refused.value.error_code) == (400, 4)


def test_redelivered_addition_makes_one_member(chat: ChatServer) -> None:
    channel = chat.experience()

    first = channel.add_members(["ann"])
    second = channel.add_members(["ann"])

    assert first["members"][0]["created_at"] == second["members"][0]["created_at"]
    assert second["channel"]["member_count"] == 1
    assert [member["user_id"] for member in channel.query_members({})] == ["ann"]


def test_an_unknown_person_cannot_become_a_member(chat: ChatServer) -> None:
    channel = chat.experience()

    with pytest.raises(StreamAPIException) as refused:
        channel.add_members(["ann", "nobody"])

    assert refused.value.error_code == 4
    assert "nobody" in refused.value.error_message
    assert channel.query_members({}) == []


def test_removing_somebody_twice_is_fine(chat: ChatServer) -> None:
    channel = chat.experience("ann", "bob")

    channel.remove_members(["ann"])
    again = channel.remove_members(["ann"])

    assert again["channel"]["member_count"] == 1


def test_channels_are_found_by_member_and_by_custom_field(chat: ChatServer) -> None:
    chat.experience("ann")
    chat.sdk.channel("experience", "other", {"title": "Other"}).create("owner")

    of_ann = chat.sdk.query_channels({"type": "experience", "members": {"$in": ["ann"]}})
    by_title = chat.sdk.query_channels({"$or": [{"title": "Other"}, {"title": "None"}]})
    sorted_all = chat.sdk.query_channels({"type": "experience"}, {"created_at": 1})

    assert [found["channel"]["id"] for found in of_ann["channels"]] == ["live"]
    assert [found["channel"]["id"] for found in by_title["channels"]] == ["other"]
    assert [found["channel"]["id"] for found in sorted_all["channels"]] == ["live", "other"]


def test_messages_are_sent_changed_pinned_and_deleted(chat: ChatServer) -> None:
    channel = chat.experience("ann")
    sent = channel.send_message({"text": "<hi>", "mood": "good"}, "ann")["message"]

    chat.sdk.update_message({"id": sent["id"], "text": "hello", "user_id": "ann"})
    chat.sdk.pin_message(sent["id"], "ann")
    pinned = channel.query()["pinned_messages"]
    chat.sdk.delete_message(sent["id"])

    assert (sent["html"], sent["mood"]) == ("<p>&lt;hi&gt;</p>\n", "good")
    assert [(found["text"], found["pinned_by"]["id"]) for found in pinned] == [("hello", "ann")]
    assert channel.query()["messages"][0]["type"] == "deleted"


def test_a_message_id_is_taken_once(chat: ChatServer) -> None:
    channel = chat.experience("ann")
    channel.send_message({"id": "m1", "text": "one"}, "ann")

    with pytest.raises(StreamAPIException) as refused:
        channel.send_message({"id": "m1", "text": "two"}, "ann")

    assert refused.value.error_code == 4
    assert [message["text"] for message in channel.query()["messages"]] == ["one"]


def test_replies_form_a_thread_of_one_level(chat: ChatServer) -> None:
    channel = chat.experience("ann", "bob")
    parent = channel.send_message({"text": "question"}, "ann")["message"]
    reply = channel.send_message({"text": "answer", "parent_id": parent["id"]}, "bob")["message"]

    with pytest.raises(StreamAPIException) as refused:
        channel.send_message({"text": "deeper", "parent_id": reply["id"]}, "ann")

    assert refused.value.error_code == 21
    thread = channel.get_replies(parent["id"])["messages"]
    assert [message["text"] for message in thread] == ["answer"]
    shown = chat.sdk.get_message(parent["id"])["message"]
    assert (shown["reply_count"], shown["thread_participants"][0]["id"]) == (1, "bob")
    assert [message["text"] for message in channel.query()["messages"]] == ["question"]


def test_reactions_are_counted_once_per_person_and_kind(chat: ChatServer) -> None:
    channel = chat.experience("ann", "bob")
    message_id = channel.send_message({"text": "hi"}, "ann")["message"]["id"]

    for user in ("ann", "bob", "bob"):
        channel.send_reaction(message_id, {"type": "like"}, user)
    counted = channel.delete_reaction(message_id, "like", "ann")["message"]

    assert counted["reaction_counts"] == {"like": 1}
    assert [r["user_id"] for r in channel.get_reactions(message_id)["reactions"]] == ["bob"]


def test_messages_come_in_pages_around_a_mark(chat: ChatServer) -> None:
    channel = chat.experience("ann")
    for number in range(7):
        channel.send_message({"id": f"m{number}", "text": str(number)}, "ann")

    def page(**asked: object) -> list[str]:
        return [message["id"] for message in channel.query(messages=asked)["messages"]]

    assert page(limit=2) == ["m5", "m6"]
    assert page(limit=2, id_lt="m5") == ["m3", "m4"]
    assert page(limit=2, id_gt="m1") == ["m2", "m3"]
    assert page(limit=3, id_around="m3") == ["m2", "m3", "m4"]


def test_reports_reach_the_moderators(chat: ChatServer) -> None:
    channel = chat.experience("ann", "bob")
    message_id = channel.send_message({"text": "rude"}, "bob")["message"]["id"]

    chat.sdk.flag_message(message_id, user_id="ann", reason="rude")

    flags = chat.sdk.query_message_flags({"channel_cid": "experience:live"})["flags"]
    assert [(flag["message"]["id"], flag["reason"]) for flag in flags] == [(message_id, "rude")]


def test_a_ban_is_listed_with_its_reason_until_it_is_lifted(chat: ChatServer) -> None:
    channel = chat.experience("ann", "owner")

    channel.ban_user("ann", banned_by_id="owner", reason="spam", timeout=30)
    conditions = {"filter_conditions": {"channel_cid": "experience:live"}}
    listed = chat.sdk.query_banned_users(conditions)["bans"]
    channel.unban_user("ann")

    assert [(ban["user"]["id"], ban["reason"]) for ban in listed] == [("ann", "spam")]
    assert listed[0]["expires"] > listed[0]["created_at"]
    assert chat.sdk.query_banned_users(conditions)["bans"] == []


def test_truncating_removes_messages_and_keeps_members(chat: ChatServer) -> None:
    channel = chat.experience("ann")
    channel.send_message({"text": "old"}, "ann")

    channel.truncate()

    state = channel.query()
    assert state["messages"] == []
    assert [member["user_id"] for member in state["members"]] == ["ann"]


def test_a_deleted_person_is_in_no_channel_and_without_a_name(chat: ChatServer) -> None:
    channel = chat.experience("ann", "bob")
    channel.send_message({"text": "hello"}, "ann")

    task_id = chat.sdk.delete_users(["ann"], "hard", messages="hard")["task_id"]

    assert chat.sdk.get_task(task_id)["status"] == "completed"
    assert chat.sdk.query_users({"id": "ann"})["users"] == []
    state = channel.query()
    assert [member["user_id"] for member in state["members"]] == ["bob"]
    assert state["messages"] == []


def test_another_secret_or_another_key_is_refused(chat: ChatServer) -> None:
    forged = StreamChat(KEY, "another-secret-of-more-than-32-bytes", base_url=chat.url)
    elsewhere = StreamChat("another", "another-secret-of-more-than-32-bytes", base_url=chat.url)

    with pytest.raises(StreamAPIException) as wrong_secret:
        forged.get_app_settings()
    with pytest.raises(StreamAPIException) as wrong_key:
        elsewhere.get_app_settings()

    assert (wrong_secret.value.status_code, wrong_secret.value.error_code) == (401, 5)
    assert (wrong_key.value.status_code, wrong_key.value.error_code) == (401, 2)


def test_everything_survives_a_restart(tmp_path: Path) -> None:
    with running_chat(tmp_path) as chat:
        channel = chat.experience("ann", "bob")
        message_id = channel.send_message({"text": "kept"}, "ann")["message"]["id"]
        channel.send_message({"text": "reply", "parent_id": message_id}, "bob")
        channel.send_reaction(message_id, {"type": "like"}, "bob")
        channel.ban_user("bob", banned_by_id="owner")
        before = channel.query()

    with running_chat(tmp_path) as chat:
        after = chat.sdk.channel("experience", "live").query()
        grants = chat.sdk.get_channel_type("experience")["grants"]

    assert {**after, "duration": ""} == {**before, "duration": ""}
    assert after["messages"][0]["reaction_counts"] == {"like": 1}
    assert after["messages"][0]["reply_count"] == 1
    assert grants["user"] == []


@pytest.mark.own_server
def test_answered_request_survives_kill_9(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_API_KEY", KEY)
    monkeypatch.setenv("STREAM_API_SECRET", "a-secret-of-more-than-thirty-two-bytes")
    with running_sandbox(tmp_path) as process:
        chat = ChatServer(f"{process.url}/stream")
        channel = chat.experience("ann")
        channel.send_message({"text": "kept"}, "ann")

        process.kill()
        process.start()

        state = chat.sdk.channel("experience", "live").query()

    assert [message["text"] for message in state["messages"]] == ["kept"]
    assert [member["user_id"] for member in state["members"]] == ["ann"]
