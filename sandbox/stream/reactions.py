"""Reactions to messages, read marks, and events from pages: typing and custom ones."""

from typing import Final

from sandbox.state import Document
from sandbox.stream.chat import Call, Chat, limit_of, mapping, offset_of
from sandbox.stream.messages import readable
from sandbox.stream.problems import (
    EVENT_NOT_SUPPORTED,
    FEATURE_NOT_SUPPORTED,
    Refused,
    bad_input,
    does_not_exist,
)
from sandbox.stream.sending import require_not_banned
from sandbox.stream.store import Room

_FIELDS: Final = frozenset(
    {"type", "score", "user", "user_id", "message_id", "created_at", "updated_at", "emoji_code"}
)
_TYPING: Final = frozenset({"typing.start", "typing.stop"})
_RESERVED: Final = ("message.", "member.", "channel.", "user.", "notification.", "reaction.")


def send_reaction(chat: Chat, call: Call) -> Document:
    """POST /messages/{id}/reaction; `enforce_unique` leaves a user one reaction."""
    room, message = readable(chat, call, call.path["id"])
    sent = mapping(call.body, "reaction")
    user_id = chat.acting_user(call, sent, "reaction")
    kind = sent.get("type")
    if not isinstance(kind, str) or not kind:
        raise bad_input("reaction.type is a required field")
    if not chat.store.type_setting(room, "reactions"):
        raise Refused(FEATURE_NOT_SUPPORTED, "reactions are disabled for this channel")
    require_not_banned(chat, call, room)
    chat.roles.require(call.caller, room, "create-reaction")
    mine = [r for r in chat.store.reactions_of(message["id"]) if r["user_id"] == user_id]
    if call.body.get("enforce_unique"):
        for other in mine:
            chat.store.remove_reaction(other)
    now = chat.store.clock.stamp()
    known = next((r for r in mine if r["type"] == kind), None)
    reaction = {
        "message_id": message["id"],
        "user_id": user_id,
        "type": kind,
        "score": sent.get("score") or 1,
        "custom": {name: value for name, value in sent.items() if name not in _FIELDS},
        "created_at": known["created_at"] if known else now,
        "updated_at": now,
    }
    chat.store.put_reaction(reaction)
    event = "reaction.updated" if mine and call.body.get("enforce_unique") else "reaction.new"
    return _told(chat, call, room, message, reaction, event)


def delete_reaction(chat: Chat, call: Call) -> Document:
    """DELETE /messages/{id}/reaction/{type}."""
    room, message = readable(chat, call, call.path["id"])
    user_id = chat.acting_user(call, call.query, "reaction")
    chat.roles.require(call.caller, room, "delete-reaction", own=True)
    for reaction in chat.store.reactions_of(message["id"]):
        if reaction["user_id"] == user_id and reaction["type"] == call.path["reaction"]:
            chat.store.remove_reaction(reaction)
            return _told(chat, call, room, message, reaction, "reaction.deleted")
    raise does_not_exist(f"{user_id} has no reaction {call.path['reaction']} on this message")


def _told(
    chat: Chat, call: Call, room: Room, message: Document, reaction: Document, event: str
) -> Document:
    shown = chat.shapes.reaction(reaction)
    chat.hub.tell_watchers(
        room,
        event,
        reaction["user_id"],
        message=chat.shapes.message(message),
        message_id=message["id"],
        reaction=shown,
        channel=chat.shapes.channel(room),
    )
    return {"message": chat.shapes.message(message, call.caller.user_id), "reaction": shown}


def get_reactions(chat: Chat, call: Call) -> Document:
    """GET /messages/{id}/reactions, newest first."""
    _, message = readable(chat, call, call.path["id"])
    newest = list(reversed(chat.store.reactions_of(message["id"])))
    offset = offset_of(call.query)
    page = newest[offset : offset + limit_of(call.query, 10, 300)]
    return {"reactions": [chat.shapes.reaction(reaction) for reaction in page]}


def mark_read(chat: Chat, call: Call) -> Document:
    """POST /channels/{type}/{id}/read: up to now, or up to `message_id`."""
    room = chat.readable_room(call)
    if not chat.store.type_setting(room, "read_events"):
        raise Refused(FEATURE_NOT_SUPPORTED, "read events are disabled for this channel")
    user_id = chat.acting_user(call, call.body, "read")
    return {"event": _read_to(chat, room, user_id, call.body.get("message_id"))}


def mark_all_read(chat: Chat, call: Call) -> Document:
    """POST /channels/read: every channel of a user."""
    user_id = chat.acting_user(call, call.body, "read")
    for room in chat.store.rooms_of(user_id):
        _read_to(chat, room, user_id, None)
    return {}


def _read_to(chat: Chat, room: Room, user_id: str, message_id: str | None) -> Document:
    last = chat.store.message(message_id) if message_id else None
    if last is None and room.messages:
        last = room.messages[-1]
    now = chat.store.clock.stamp()
    last_id = last["id"] if last else None
    if user_id in room.members:
        read = {"cid": room.cid, "user_id": user_id, "last_read_message_id": last_id}
        chat.store.put_read(
            room, {**read, "last_read": last["created_at"] if message_id and last else now}
        )
    chat.hub.tell_watchers(room, "message.read", user_id, last_read_message_id=last_id)
    person = chat.shapes.full_user(user_id)
    counts = ("total_unread_count", "unread_channels", "unread_count")
    chat.hub.tell_users(
        [user_id],
        "notification.mark_read",
        room,
        user_id,
        last_read_message_id=last_id,
        **{name: person[name] for name in counts},
    )
    return {
        "type": "message.read",
        "cid": room.cid,
        "channel_id": room.channel["id"],
        "channel_type": room.channel_type,
        "user": chat.shapes.user(user_id),
        "created_at": now,
        **({"last_read_message_id": last_id} if last_id else {}),
    }


def send_event(chat: Chat, call: Call) -> Document:
    """POST /channels/{type}/{id}/event: typing, or a custom event of the app."""
    room = chat.readable_room(call)
    sent = mapping(call.body, "event")
    kind = sent.get("type")
    if not isinstance(kind, str) or not kind:
        raise bad_input("event.type is a required field")
    user_id = chat.acting_user(call, sent, "event")
    if kind in _TYPING:
        if not chat.store.type_setting(room, "typing_events") or set(sent) - _TYPING_FIELDS:
            raise Refused(EVENT_NOT_SUPPORTED, "typing events are disabled for this channel")
        require_not_banned(chat, call, room)
    else:
        _require_custom(chat, call, room, kind)
    fields = {k: v for k, v in sent.items() if k not in ("type", "user", "user_id")}
    chat.hub.tell_watchers(room, kind, user_id, **fields)
    event = {"type": kind, "created_at": chat.store.clock.stamp(), "cid": room.cid, **fields}
    return {"event": {**event, "user": chat.shapes.user(user_id)}}


_TYPING_FIELDS: Final = frozenset({"type", "user", "user_id", "parent_id"})


def _require_custom(chat: Chat, call: Call, room: Room, kind: str) -> None:
    if kind.startswith(_RESERVED) or kind in ("health.check", "all"):
        raise bad_input(f"event type {kind} is reserved")
    if not chat.store.type_setting(room, "custom_events"):
        raise Refused(EVENT_NOT_SUPPORTED, "custom events are disabled for this channel")
    chat.roles.require(call.caller, room, "send-custom-event")
