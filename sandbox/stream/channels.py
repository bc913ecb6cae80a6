"""Channels: create, read, watch, update, truncate, delete."""

import hashlib
import re
from typing import Any, Final

from sandbox.state import Document
from sandbox.stream import members
from sandbox.stream.chat import Call, Chat, limit_of, mapping, text_list
from sandbox.stream.pages import page_of_messages
from sandbox.stream.problems import bad_input, does_not_exist
from sandbox.stream.store import Room

_ID: Final = re.compile(r"[\w-]{1,64}")
_MOST_COOLDOWN_S: Final = 120
_NOT_CUSTOM: Final = frozenset(
    {"id", "type", "cid", "members", "created_by", "created_by_id", "frozen", "disabled", "team"}
    | {"cooldown", "config_overrides", "filter_tags", "created_at", "updated_at", "member_count"}
    | {"last_message_at", "config", "own_capabilities", "truncated_by_id", "invites", "custom"}
)


def query_channel(chat: Chat, call: Call) -> Document:
    """POST /channels/{type}/{id}/query: create or get it, with its state, and watch it."""
    type_name = call.path["type"]
    if type_name not in chat.store.types:
        raise does_not_exist(f"Can't find channel type {type_name}")
    data = mapping(call.body, "data")
    channel_id = call.path.get("id") or _id_from_members(data)
    room = chat.store.find_room(f"{type_name}:{channel_id}")
    if room is None:
        room = _create(chat, call, type_name, channel_id)
    else:
        chat.roles.require(call.caller, room, "read-channel")
    if call.body.get("watch"):
        chat.hub.watch(chat.hub.connection(call.connection_id, call.caller), room)
    return state_of(chat, call, room, call.body)


def get_channel(chat: Chat, call: Call) -> Document:
    """GET /channels/{type}/{id}: the channel with its state, never created."""
    return state_of(chat, call, chat.readable_room(call), {"state": True})


def _id_from_members(data: Document) -> str:
    entries = members.member_entries(data, "members")
    if len(entries) < 2:
        raise bad_input("When using member based IDs specify at least 2 members")
    people = ",".join(sorted(entry["user_id"] for entry in entries))
    return f"!members-{hashlib.sha256(people.encode()).hexdigest()[:43]}"


def _create(chat: Chat, call: Call, type_name: str, channel_id: str) -> Room:
    if "id" in call.path and not _ID.fullmatch(channel_id):
        raise bad_input("channel id may hold letters, digits, _ and -, at most 64 of them")
    chat.roles.require_in_type(call.caller, type_name, "create-channel")
    data = mapping(call.body, "data")
    creator = _creator(chat, call, data)
    entries = members.member_entries(data, "members")
    members.require_known(chat, entries, "data.members")
    now = chat.store.clock.stamp()
    room = chat.store.open_room(
        {
            "id": channel_id,
            "type": type_name,
            "cid": f"{type_name}:{channel_id}",
            "created_by_id": creator,
            "frozen": bool(data.get("frozen")),
            "disabled": bool(data.get("disabled")),
            "cooldown": _cooldown(data.get("cooldown") or 0),
            "custom": _custom(data),
            "created_at": now,
            "updated_at": now,
            "last_message_at": None,
        }
    )
    members.admit(chat, room, entries, creator)
    return room


def _creator(chat: Chat, call: Call, data: Document) -> str:
    if not call.caller.server:
        return call.caller.user_id
    created_by = data.get("created_by") or {}
    user_id = data.get("created_by_id") or created_by.get("id")
    if not isinstance(user_id, str) or not user_id:
        raise bad_input(
            "either data.created_by or data.created_by_id must be provided when using "
            "server side auth."
        )
    if user_id not in chat.store.users:
        if not created_by:
            raise bad_input(f"user with id {user_id} doesn't exist")
        chat.write_user(created_by, replace=False)
    return user_id


def _custom(data: Document) -> Document:
    return {name: value for name, value in data.items() if name not in _NOT_CUSTOM}


def _cooldown(seconds: Any) -> int:
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, int)
        or not 0 <= seconds <= _MOST_COOLDOWN_S
    ):
        raise bad_input(f"cooldown must be between 0 and {_MOST_COOLDOWN_S} seconds")
    return seconds


def state_of(chat: Chat, call: Call, room: Room, asked: Document) -> Document:
    """Return a channel with the requested parts of its state."""
    viewer = call.caller.user_id
    answer: Document = {
        "channel": chat.shapes.channel(room, viewer),
        "messages": [],
        "pinned_messages": [],
        "members": [],
        "threads": [],
        "watcher_count": len(chat.hub.watcher_ids(room)),
    }
    if viewer in room.members:
        answer["membership"] = chat.shapes.member(room.members[viewer])
    if asked.get("state"):
        answer |= _full_state(chat, call, room, asked)
    return answer


def _full_state(chat: Chat, call: Call, room: Room, asked: Document) -> Document:
    viewer, server = call.caller.user_id, call.caller.server
    shown = [
        message
        for message in room.messages
        if not message["parent_id"] or message["show_in_channel"]
    ]
    page = page_of_messages(shown, mapping(asked, "messages"), default=100)
    pinned = [message for message in reversed(room.messages) if message["pinned"]][:10]
    readable = chat.roles.allows(call.caller, room, "read-channel-members")
    seated = list(room.members.values())[: limit_of(mapping(asked, "members"), 100, 100)]
    watching = chat.hub.watcher_ids(room)[: limit_of(mapping(asked, "watchers"), 100, 100)]
    return {
        "messages": [chat.shapes.message(m, viewer, server=server) for m in page],
        "pinned_messages": [chat.shapes.message(m, viewer, server=server) for m in pinned],
        "members": [chat.shapes.member(member) for member in seated] if readable else [],
        "watchers": [chat.shapes.user(user_id) for user_id in watching],
        "read": [chat.shapes.read(room, read) for read in _reads(room, viewer, readable)],
    }


def _reads(room: Room, viewer: str, readable: bool) -> list[Document]:
    others = [read for user, read in room.reads.items() if user != viewer][:99]
    own = [room.reads[viewer]] if viewer in room.reads else []
    return own + (others if readable else [])


def stop_watching(chat: Chat, call: Call) -> Document:
    """POST /channels/{type}/{id}/stop-watching."""
    chat.hub.unwatch(chat.hub.connection(call.connection_id, call.caller), call.cid)
    return {}


def update_channel(chat: Chat, call: Call) -> Document:
    """POST /channels/{type}/{id}: replace its data, change members, roles or slow mode."""
    room = chat.store.room(call.cid)
    body = call.body
    _require_update(chat, call, room)
    if isinstance(body.get("data"), dict):
        _write(chat, room, body["data"], custom=_custom(body["data"]))
    if "cooldown" in body:
        _write(chat, room, {"cooldown": body["cooldown"] or 0}, custom=None)
    by = None if call.caller.server else call.caller.user_id
    entries = members.member_entries(body, "add_members")
    members.require_known(chat, entries, "channel.add_members")
    members.admit(chat, room, entries, by)
    members.dismiss(chat, room, text_list(body, "remove_members"))
    members.make_moderators(chat, room, text_list(body, "add_moderators"))
    members.demote(chat, room, text_list(body, "demote_moderators"))
    members.assign_roles(chat, room, members.member_entries(body, "assign_roles"))
    if isinstance(body.get("data"), dict) or "cooldown" in body:
        _tell_updated(chat, room, by)
    listed = list(room.members.values())[:100]
    return {
        "channel": chat.shapes.channel(room, call.caller.user_id),
        "members": [chat.shapes.member(member) for member in listed],
    }


def _require_update(chat: Chat, call: Call, room: Room) -> None:
    body, caller = call.body, call.caller
    leaving = body.get("remove_members") == [caller.user_id]
    joining = body.get("add_members") == [caller.user_id]
    if not joining and caller.user_id not in room.members:
        chat.roles.require(caller, room, "update-channel")
    if leaving:
        chat.roles.require(caller, room, "remove-own-channel-membership")
    if joining:
        chat.roles.require(caller, room, "add-own-channel-membership")
    people = ("add_members", "remove_members", "add_moderators", "demote_moderators")
    if not (leaving or joining) and any(body.get(key) for key in (*people, "assign_roles")):
        chat.roles.require(caller, room, "update-channel-members")
    if body.get("data") is not None:
        chat.roles.require(caller, room, "update-channel")
    if "cooldown" in body or "cooldown" in mapping(body, "data"):
        chat.roles.require(caller, room, "update-channel-cooldown")
    if "frozen" in mapping(body, "data"):
        chat.roles.require(caller, room, "update-channel-frozen")


def _write(chat: Chat, room: Room, data: Document, custom: Document | None) -> None:
    changed = dict(room.channel)
    for name in ("frozen", "disabled"):
        if name in data:
            changed[name] = bool(data[name])
    if "cooldown" in data:
        changed["cooldown"] = _cooldown(data["cooldown"] or 0)
    if custom is not None:
        changed["custom"] = custom
    changed["updated_at"] = chat.store.clock.stamp()
    room.channel = chat.store.channels.put(changed)


def _tell_updated(chat: Chat, room: Room, by: str | None) -> None:
    chat.hub.tell_watchers(room, "channel.updated", by, channel=chat.shapes.channel(room))


def update_partial(chat: Chat, call: Call) -> Document:
    """PATCH /channels/{type}/{id}: set and unset single fields."""
    room = chat.store.room(call.cid)
    changes, dropped = mapping(call.body, "set"), text_list(call.body, "unset")
    if not changes and not dropped:
        raise bad_input("either set or unset must be provided")
    special = {"cooldown": "update-channel-cooldown", "frozen": "update-channel-frozen"}
    for name in (*changes, *dropped):
        chat.roles.require(call.caller, room, special.get(name, "update-channel"))
    kept = {k: v for k, v in room.channel["custom"].items() if k not in dropped}
    gone: Document = {name: 0 for name in ("cooldown", "frozen", "disabled") if name in dropped}
    _write(chat, room, {**changes, **gone}, custom={**kept, **_custom(changes)})
    _tell_updated(chat, room, None if call.caller.server else call.caller.user_id)
    listed = list(room.members.values())[:100]
    return {
        "channel": chat.shapes.channel(room, call.caller.user_id),
        "members": [chat.shapes.member(member) for member in listed],
    }


def truncate(chat: Chat, call: Call) -> Document:
    """POST /channels/{type}/{id}/truncate: delete the messages before a time."""
    room = chat.store.room(call.cid)
    chat.roles.require(call.caller, room, "truncate-channel")
    at = call.body.get("truncated_at") or chat.store.clock.stamp()
    if not isinstance(at, str):
        raise bad_input("truncated_at must be a time")
    for message in list(room.messages):
        if message["created_at"] <= at:
            chat.store.remove_message(room, message)
    by = call.body.get("user_id") if call.caller.server else call.caller.user_id
    by = by if isinstance(by, str) and by in chat.store.users else None
    last = room.messages[-1]["created_at"] if room.messages else None
    changed = {**room.channel, "truncated_at": at, "truncated_by_id": by}
    room.channel = chat.store.channels.put({**changed, "last_message_at": last})
    channel = chat.shapes.channel(room)
    chat.hub.tell_watchers(room, "channel.truncated", by, channel=channel)
    chat.hub.tell_idle_members(room, "notification.channel_truncated", channel=channel)
    return {"channel": channel}


def delete_channel(chat: Chat, call: Call) -> Document:
    """DELETE /channels/{type}/{id}."""
    room = chat.store.room(call.cid)
    chat.roles.require(call.caller, room, "delete-channel")
    channel = {**chat.shapes.channel(room), "deleted_at": chat.store.clock.stamp()}
    by = call.caller.user_id or None
    chat.hub.tell_watchers(room, "channel.deleted", by, channel=channel)
    chat.hub.tell_idle_members(room, "notification.channel_deleted", channel=channel)
    for user_id in chat.hub.watcher_ids(room):
        chat.hub.put_out(room, user_id)
    chat.store.close_room(room)
    return {"channel": channel}
