"""The sandbox's chat answers in the shapes that GetStream's official SDK declares.

Recorded answers and events become constants of the SDK's own TypeScript types; its compiler
then finds each missing field, each wrong type and each field that the SDK does not know.
"""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.programs import node
from sandbox.tests.chatting import ChatServer, Listener, running_chat

MODULES = Path("web/node_modules").resolve()
COMPILER = MODULES / "typescript" / "bin" / "tsc"
Recorded = list[tuple[str, Any]]

EVENTS = frozenset(
    {"member.added", "message.new", "message.updated", "message.deleted", "message.read"}
    | {"reaction.new", "reaction.deleted", "member.updated", "typing.start", "user.banned"}
    | {"user.unbanned", "channel.updated", "channel.truncated", "channel.deleted"}
    | {"notification.added_to_channel", "notification.mark_read"}
)


def record(chat: ChatServer) -> Recorded:
    """Walk through everything that the product uses, and keep each answer with its SDK type."""
    found: Recorded = []

    def keep(kind: str, answer: Any) -> Any:
        found.append((kind, dict(answer)))
        return answer

    channel = chat.experience()
    _record_settings(chat, keep)
    with chat.listening("ann", name="Ann") as ann:
        keep("ConnectionOpen", ann.hello)
        keep("OwnUserResponse", ann.hello["me"])
        _record_channel(chat, channel, ann, keep)
        _record_messages(chat, channel, keep)
        _record_moderation(chat, channel, keep)
        keep("TruncateChannelAPIResponse", channel.truncate())
        keep("DeleteChannelAPIResponse", channel.delete())
        ann.wait_for("channel.deleted")
        heard = {event["type"]: event for event in ann.events}
    assert set(heard) >= EVENTS, EVENTS - set(heard)
    for event in heard.values():
        keep("Event", event)
    return found


Keep = Callable[[str, Any], Any]


def _record_settings(chat: ChatServer, keep: Keep) -> None:
    keep("GetChannelTypeResponse", chat.sdk.get_channel_type("experience"))
    keep("UpdateChannelTypeResponse", chat.sdk.update_channel_type("experience", uploads=False))
    keep("ListChannelResponse", chat.sdk.list_channel_types())
    keep("AppSettingsAPIResponse", chat.sdk.get_app_settings())
    keep("UpdateUsersAPIResponse", chat.sdk.upsert_user({"id": "ann", "name": "Ann"}))
    with chat.person("ann") as client:
        keep("APIErrorResponse", client.get("/messages/unknown").json())


def _record_channel(chat: ChatServer, channel: Any, ann: Listener, keep: Keep) -> None:
    keep("UpdateChannelAPIResponse", channel.add_members(["ann", "owner"]))
    chat.watch(ann, "ann")
    channel.add_members(["bob"])
    keep("QueryChannelAPIResponse", channel.query())
    keep("PartialUpdateChannelAPIResponse", channel.update_partial({"cooldown": 1}))
    keep("PartialUpdateMemberAPIResponse", channel.update_member_partial("bob", {}))
    keep("ChannelMemberAPIResponse", {"members": channel.query_members({}), "duration": ""})
    channel.remove_members(["bob"])
    channel.add_members(["bob"])


def _record_messages(chat: ChatServer, channel: Any, keep: Keep) -> None:
    message = {"text": "hi", "mentioned_users": ["ann"]}
    sent = keep("SendMessageAPIResponse", channel.send_message(message, "bob"))["message"]
    reply = {"text": "yes", "parent_id": sent["id"], "quoted_message_id": sent["id"]}
    keep("SendMessageAPIResponse", channel.send_message(reply, "ann"))
    keep("ReactionAPIResponse", channel.send_reaction(sent["id"], {"type": "like"}, "ann"))
    keep("GetReactionsAPIResponse", channel.get_reactions(sent["id"]))
    keep("GetRepliesAPIResponse", channel.get_replies(sent["id"]))
    change = {"id": sent["id"], "text": "hello", "user_id": "bob"}
    keep("UpdateMessageAPIResponse", chat.sdk.update_message(change))
    keep("UpdateMessageAPIResponse", chat.sdk.pin_message(sent["id"], "bob"))
    keep("GetMultipleMessagesAPIResponse", channel.get_messages([sent["id"]]))
    keep("QueryChannelsAPIResponse", chat.sdk.query_channels({"type": "experience"}))
    keep("EventAPIResponse", channel.mark_read("ann"))
    keep("EventAPIResponse", channel.send_event({"type": "typing.start"}, "bob"))
    with chat.person("ann") as client:
        state = client.post("/channels/experience/live/query", json={"state": True}).json()
        keep("QueryChannelAPIResponse", state)
        keep("SendMessageAPIResponse", client.get(f"/messages/{sent['id']}").json())
        keep("GetUnreadCountAPIResponse", client.get("/unread").json())
        hidden = client.delete(f"/messages/{sent['id']}", params={"delete_for_me": "true"}).json()
        keep("UpdateMessageAPIResponse", hidden)
    keep("ReactionAPIResponse", channel.delete_reaction(sent["id"], "like", "ann"))
    keep("UpdateMessageAPIResponse", chat.sdk.delete_message(sent["id"]))


def _record_moderation(chat: ChatServer, channel: Any, keep: Keep) -> None:
    message_id = channel.send_message({"text": "rude"}, "bob")["message"]["id"]
    keep("FlagMessageResponse", chat.sdk.flag_message(message_id, user_id="ann"))
    keep("MessageFlagsResponse", chat.sdk.query_message_flags({}))
    keep("MuteUserResponse", chat.sdk.mute_user("bob", "ann"))
    ban = channel.ban_user("ann", banned_by_id="owner", reason="rude", timeout=3)
    keep("APIResponse", ban)
    keep("BannedUsersResponse", chat.sdk.query_banned_users({"filter_conditions": {}}))
    keep("APIResponse", channel.unban_user("ann"))


# Fields of our own channels, and what the published API sends beyond the SDK's types.
DECLARATIONS = """
declare module 'stream-chat' {
  interface CustomChannelData { title?: string }
  interface CustomUserData { invisible?: boolean }
  interface CustomEventData {
    reason?: string; expiration?: string; created_by?: UserResponse
  }
}
"""
FULLER_TYPES = {
    "BannedUsersResponse": "BannedUsersResponse & { bans: { created_at: string }[] }",
    "FlagMessageResponse": (
        "FlagMessageResponse & "
        "{ flag: { target_message: MessageResponse; target_user: UserResponse } }"
    ),
    "UpdateUsersAPIResponse": (
        "UpdateUsersAPIResponse & { users: Record<string, OwnUserResponse> }"
    ),
}
BEYOND_THE_TYPES = {
    "AppSettingsAPIResponse": {"grants", "permissions"},
    "APIErrorResponse": {"details"},
}


def as_typescript(recorded: Recorded) -> str:
    named = {"MessageResponse", "OwnUserResponse", "UserResponse"}
    kinds = sorted(named | {kind for kind, _ in recorded})
    lines = [f"import type {{ {', '.join(kinds)} }} from 'stream-chat';", DECLARATIONS]
    for number, (kind, answer) in enumerate(recorded):
        known = _without(answer, BEYOND_THE_TYPES.get(kind, set()))
        value = json.dumps(known, indent=1)
        lines.append(f"export const answer{number}: {FULLER_TYPES.get(kind, kind)} = {value};")
    return "\n".join(lines)


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, list):
        return [_without(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _without(item, names) for name, item in value.items() if name not in names}


def complaints(folder: Path, source: str) -> list[str]:
    """Compile against the SDK's types and return what the compiler says."""
    if not COMPILER.exists():
        pytest.skip("TypeScript is not in web/node_modules: run ./bp web first.")
    (folder / "node_modules").symlink_to(MODULES)
    (folder / "answers.ts").write_text(source)
    options = {
        "noEmit": True,
        "strict": True,
        "skipLibCheck": True,
        "module": "esnext",
        "moduleResolution": "bundler",
        "target": "es2022",
        "lib": ["es2022", "dom"],
        "types": [],
    }
    config = {"compilerOptions": options, "files": ["answers.ts"]}
    (folder / "tsconfig.json").write_text(json.dumps(config))
    command = [str(node.node()), str(COMPILER), "-p", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [line for line in done.stdout.splitlines() if re.search(r"error TS\d+", line)]


def test_every_answer_and_event_has_the_shape_the_sdk_declares(tmp_path: Path) -> None:
    (tmp_path / "types").mkdir()
    with running_chat(tmp_path) as chat:
        recorded = record(chat)

    found = complaints(tmp_path / "types", as_typescript(recorded))

    assert len(recorded) > 40
    assert found == []


def test_the_compiler_does_find_a_wrong_shape(tmp_path: Path) -> None:
    """The positive control: a field too few, a wrong type, a field the SDK does not know."""
    wrong: Recorded = [
        ("APIResponse", {}),
        ("GetUnreadCountAPIResponse", {"duration": "", "total_unread_count": "many"}),
        ("APIResponse", {"duration": "", "invented": 1}),
    ]

    found = complaints(tmp_path, as_typescript(wrong))

    assert len({re.search(r"\((\d+)", line)[1] for line in found}) >= 3  # type: ignore[index]
