"""Sending a message: permissions, rate, and recipients."""

import re
from datetime import datetime
from typing import Any, Final

from sandbox.state import Document
from sandbox.stream.chat import Call, Chat, mapping
from sandbox.stream.problems import (
    COOLDOWN,
    FEATURE_NOT_SUPPORTED,
    MESSAGE_TOO_LONG,
    NESTED_REPLY,
    NOT_ALLOWED,
    Refused,
    bad_input,
)
from sandbox.stream.store import Room

_LINK: Final = re.compile(r"https?://\S|\bwww\.\S", re.IGNORECASE)
KNOWN_FIELDS: Final = frozenset(
    {"id", "text", "type", "user", "user_id", "parent_id", "show_in_channel", "attachments"}
    | {"mentioned_users", "quoted_message_id", "quoted_message", "silent", "pinned", "pin_expires"}
    | {"pinned_at", "pinned_by", "html", "mml", "cid", "created_at", "updated_at", "deleted_at"}
    | {"latest_reactions", "own_reactions", "reaction_counts", "reaction_scores", "shadowed"}
    | {"reaction_groups", "reply_count", "deleted_reply_count", "thread_participants", "channel"}
    | {"restricted_visibility", "mentioned_channel", "mentioned_here", "mentioned_roles"}
    | {"mentioned_group_ids", "command", "i18n", "custom", "poll_id", "status", "error"}
)


def send_message(chat: Chat, call: Call) -> Document:
    """POST /channels/{type}/{id}/message."""
    room = chat.store.room(call.cid)
    sent = mapping(call.body, "message")
    author = chat.acting_user(call, sent, "message")
    _require_may_send(chat, call, room, sent)
    message = _new_message(chat, room, sent, author)
    if not call.caller.server:
        _require_cooled_down(chat, call, room)
    chat.store.add_message(room, message)
    _after_sending(chat, room, message)
    shown = chat.shapes.message(message, call.caller.user_id, server=call.caller.server)
    return {"message": shown}


def _require_may_send(chat: Chat, call: Call, room: Room, sent: Document) -> None:
    caller = call.caller
    require_not_banned(chat, call, room)
    permission = "create-reply" if sent.get("parent_id") else "create-message"
    chat.roles.require(caller, room, permission)
    if room.channel["frozen"]:
        chat.roles.require(caller, room, "use-frozen-channel")
    if sent.get("attachments"):
        chat.roles.require(caller, room, "create-attachment")
    if _LINK.search(str(sent.get("text") or "")):
        chat.roles.require(caller, room, "add-links")
    if sent.get("mentioned_users"):
        chat.roles.require(caller, room, "create-mention")
    if sent.get("pinned"):
        chat.roles.require(caller, room, "pin-message")
    if sent.get("type") == "system":
        chat.roles.require(caller, room, "create-system-message")


def require_not_banned(chat: Chat, call: Call, room: Room) -> None:
    """Refuse (17) a user banned from the channel or the app; a shadow ban lets them write."""
    if call.caller.server:
        return
    for cid in ("", room.cid):
        ban = chat.shapes.live_ban(cid, call.caller.user_id)
        if ban and not ban["shadow"]:
            where = f"channel {cid}" if cid else "this application"
            raise Refused(NOT_ALLOWED, f"User {call.caller.user_id} is banned from {where}")


def _require_cooled_down(chat: Chat, call: Call, room: Room) -> None:
    seconds = room.channel.get("cooldown") or 0
    if not seconds or chat.roles.allows(call.caller, room, "skip-channel-cooldown"):
        return
    own = (m for m in reversed(room.messages) if m["user_id"] == call.caller.user_id)
    last = next(own, None)
    if last is None:
        return
    waited = chat.store.clock.now() - datetime.fromisoformat(last["created_at"])
    if waited.total_seconds() < seconds:
        raise Refused(COOLDOWN, f"slow mode is on: one message every {seconds} seconds")


def _new_message(chat: Chat, room: Room, sent: Document, author: str) -> Document:
    for name in ("id", "parent_id", "quoted_message_id"):
        if not isinstance(sent.get(name) or "", str):
            raise bad_input(f"message.{name} must be a string")
    message_id = sent.get("id") or f"{author}-{chat.store.new_id()}"
    if message_id in chat.store.messages:
        raise bad_input(f"a message with ID {message_id} already exists")
    now = chat.store.clock.stamp()
    parent_id = _parent_of(chat, room, sent)
    message = {
        "id": message_id,
        "cid": room.cid,
        "user_id": author,
        "type": "reply" if parent_id else "regular",
        "parent_id": parent_id,
        "show_in_channel": bool(sent.get("show_in_channel")) if parent_id else None,
        "quoted_message_id": sent.get("quoted_message_id"),
        "silent": bool(sent.get("silent")),
        "shadowed": _is_shadowed(chat, room, author),
        "created_at": now,
        "updated_at": now,
        "deleted_at": None,
        **pin_fields(sent, author, now),
        **content_of(chat, room, sent),
    }
    if sent.get("type") == "system":
        message["type"] = "system"
    return message


def _is_shadowed(chat: Chat, room: Room, author: str) -> bool:
    bans = [chat.shapes.live_ban(cid, author) for cid in ("", room.cid)]
    return any(ban and ban["shadow"] for ban in bans)


def _parent_of(chat: Chat, room: Room, sent: Document) -> str | None:
    parent_id = sent.get("parent_id")
    if not parent_id:
        return None
    if not chat.store.type_setting(room, "replies"):
        raise Refused(FEATURE_NOT_SUPPORTED, "replies are disabled for this channel")
    parent = chat.store.message(str(parent_id))
    if parent["cid"] != room.cid:
        raise bad_input("the parent message is in another channel")
    if parent["parent_id"]:
        raise Refused(NESTED_REPLY, "replies to replies are not supported")
    return str(parent_id)


def content_of(chat: Chat, room: Room, sent: Document) -> Document:
    """Return text, attachments, mentions and custom fields. Raises Refused (4, 20)."""
    text = sent.get("text") or ""
    attachments = sent.get("attachments") or []
    if not isinstance(text, str) or not isinstance(attachments, list):
        raise bad_input("message.text must be a string and message.attachments a list")
    custom = {name: value for name, value in sent.items() if name not in KNOWN_FIELDS}
    if not text.strip() and not attachments and not custom:
        raise bad_input("either message.text or message.attachments must be provided")
    most = chat.store.type_setting(room, "max_message_length")
    if len(text) > most:
        raise Refused(MESSAGE_TOO_LONG, f"message.text must be at most {most} characters")
    return {
        "text": text,
        "attachments": attachments,
        "mentioned_user_ids": [_user_id(user) for user in sent.get("mentioned_users") or []],
        "custom": custom,
    }


def _user_id(user: Any) -> str:
    if isinstance(user, dict):
        user = user.get("id")
    if not isinstance(user, str):
        raise bad_input("message.mentioned_users must be a list of user ids")
    return user


def pin_fields(source: Document, by: str, now: str) -> Document:
    """Return whether a message is pinned, by whom and since when."""
    pinned = bool(source.get("pinned"))
    return {
        "pinned": pinned,
        "pinned_at": now if pinned else None,
        "pinned_by_id": by if pinned else None,
        "pin_expires": source.get("pin_expires") if pinned else None,
    }


def _after_sending(chat: Chat, room: Room, message: Document) -> None:
    author = message["user_id"]
    if message["type"] == "regular":
        changed = {**room.channel, "last_message_at": message["created_at"]}
        room.channel = chat.store.channels.put(changed)
    if author in room.reads and message["type"] == "regular":
        seen = {"last_read": message["created_at"], "last_read_message_id": message["id"]}
        chat.store.put_read(room, {**room.reads[author], **seen})
    shown = chat.shapes.message(message)
    fields = {"message": shown, "message_id": message["id"]}
    if message["shadowed"]:
        chat.hub.tell_users([author], "message.new", room, author, watcher_count=1, **fields)
        return
    count = len(chat.hub.watcher_ids(room))
    chat.hub.tell_watchers(room, "message.new", author, watcher_count=count, **fields)
    if message["type"] == "regular":
        chat.hub.tell_idle_members(
            room,
            "notification.message_new",
            watcher_count=count,
            channel=chat.shapes.channel(room),
            **fields,
        )
