"""Messages: send, read, change, delete, reply, pin."""

import re
from datetime import datetime
from typing import Any, Final

from sandbox.state import Document
from sandbox.stream.chat import Call, Chat, mapping, text_list
from sandbox.stream.pages import page_of_messages
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
_FIELDS: Final = frozenset(
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
    """Refuse (17) somebody banned from the channel or the app; a shadow ban lets them talk."""
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
        **_pin_fields(sent, author, now),
        **_content(chat, room, sent),
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
    if not chat.store.types.get(
        room.channel_type,
    )["replies"]:  # type: ignore[index]
        raise Refused(FEATURE_NOT_SUPPORTED, "replies are disabled for this channel")
    parent = chat.store.message(str(parent_id))
    if parent["cid"] != room.cid:
        raise bad_input("the parent message is in another channel")
    if parent["parent_id"]:
        raise Refused(NESTED_REPLY, "replies to replies are not supported")
    return str(parent_id)


def _content(chat: Chat, room: Room, sent: Document) -> Document:
    text = sent.get("text") or ""
    attachments = sent.get("attachments") or []
    if not isinstance(text, str) or not isinstance(attachments, list):
        raise bad_input("message.text must be a string and message.attachments a list")
    custom = {name: value for name, value in sent.items() if name not in _FIELDS}
    if not text.strip() and not attachments and not custom:
        raise bad_input("either message.text or message.attachments must be provided")
    most = (chat.store.types.get(room.channel_type) or {})["max_message_length"]
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


def _pin_fields(source: Document, by: str, now: str) -> Document:
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


def readable(chat: Chat, call: Call, message_id: str) -> tuple[Room, Document]:
    """Return a message and its channel. Raises Refused (16 unknown, 17 not for the caller)."""
    message = chat.store.message(message_id)
    room = chat.store.room(message["cid"])
    chat.roles.require(call.caller, room, "read-channel")
    return room, message


def get_message(chat: Chat, call: Call) -> Document:
    """GET /messages/{id}."""
    room, message = readable(chat, call, call.path["id"])
    shown = chat.shapes.message(message, call.caller.user_id, server=call.caller.server)
    return {"message": {**shown, "channel": chat.shapes.channel(room, call.caller.user_id)}}


def get_messages(chat: Chat, call: Call) -> Document:
    """GET /channels/{type}/{id}/messages?ids=a,b."""
    room = chat.readable_room(call)
    wanted = call.query.get("ids", "").split(",")
    found = [message for message in room.messages if message["id"] in wanted]
    return {"messages": _shown(chat, call, found)}


def get_replies(chat: Chat, call: Call) -> Document:
    """GET /messages/{id}/replies: one page of a thread."""
    readable(chat, call, call.path["id"])
    thread = chat.store.replies_to(call.path["id"])
    return {"messages": _shown(chat, call, page_of_messages(thread, dict(call.query), 100))}


def get_pinned(chat: Chat, call: Call) -> Document:
    """GET /channels/{type}/{id}/pinned_messages, newest first."""
    room = chat.readable_room(call)
    pinned = [message for message in reversed(room.messages) if message["pinned"]]
    return {"messages": _shown(chat, call, pinned[:100])}


def _shown(chat: Chat, call: Call, found: list[Document]) -> list[Document]:
    viewer, server = call.caller.user_id, call.caller.server
    return [chat.shapes.message(message, viewer, server=server) for message in found]


def update_message(chat: Chat, call: Call) -> Document:
    """POST /messages/{id}: replace text, attachments and custom fields."""
    sent = mapping(call.body, "message")
    room, message = readable(chat, call, call.path["id"])
    by = chat.acting_user(call, sent, "message")
    _require_change(chat, call, room, message)
    now = chat.store.clock.stamp()
    changed = {**message, **_content(chat, room, sent), "message_text_updated_at": now}
    if "pinned" in sent and bool(sent["pinned"]) != message["pinned"]:
        chat.roles.require(call.caller, room, "pin-message", own=_is_own(call, message))
        changed |= _pin_fields(sent, by, now)
    return {"message": _store_change(chat, call, room, changed)}


def update_partial(chat: Chat, call: Call) -> Document:
    """PUT /messages/{id}: set and unset single fields; pinning goes this way."""
    room, message = readable(chat, call, call.path["id"])
    changes, dropped = mapping(call.body, "set"), text_list(call.body, "unset")
    by = chat.acting_user(call, call.body, "message")
    own = _is_own(call, message)
    if set(changes) - {"pinned", "pin_expires", "pinned_at"} or dropped:
        _require_change(chat, call, room, message)
    now = chat.store.clock.stamp()
    changed = dict(message)
    if "pinned" in changes:
        chat.roles.require(call.caller, room, "pin-message", own=own)
        changed |= _pin_fields(changes, by, now)
    for name in ("text", "attachments", "silent"):
        if name in changes:
            changed[name] = changes[name]
    custom = {**message["custom"], **{k: v for k, v in changes.items() if k not in _FIELDS}}
    changed["custom"] = {k: v for k, v in custom.items() if k not in dropped}
    return {"message": _store_change(chat, call, room, changed)}


def _is_own(call: Call, message: Document) -> bool:
    return bool(message["user_id"] == call.caller.user_id)


def _require_change(chat: Chat, call: Call, room: Room, message: Document) -> None:
    require_not_banned(chat, call, room)
    chat.roles.require(call.caller, room, "update-message", own=_is_own(call, message))


def _store_change(chat: Chat, call: Call, room: Room, changed: Document) -> Document:
    message = chat.store.messages.get(changed["id"]) or {}
    message.clear()
    message.update(changed, updated_at=chat.store.clock.stamp())
    chat.store.messages.put(message)
    chat.hub.tell_watchers(
        room,
        "message.updated",
        message["user_id"],
        message=chat.shapes.message(message),
        message_id=message["id"],
    )
    return chat.shapes.message(message, call.caller.user_id, server=call.caller.server)


def delete_message(chat: Chat, call: Call) -> Document:
    """DELETE /messages/{id}: hide it, or with `hard=true` take it and its replies out."""
    room, message = readable(chat, call, call.path["id"])
    hard = call.query.get("hard") == "true"
    own = _is_own(call, message) and not hard
    chat.roles.require(call.caller, room, "delete-message", own=own)
    return {"message": erase(chat, room, message, call.caller.user_id, hard=hard)}


def erase(chat: Chat, room: Room, message: Document, by: str, *, hard: bool) -> Document:
    """Delete a message and tell the watchers; returns how it looks now."""
    now = chat.store.clock.stamp()
    message.update(type="deleted", deleted_at=now, updated_at=now, pinned=False)
    if hard:
        for reply in chat.store.replies_to(message["id"]):
            chat.store.remove_message(room, reply)
        chat.store.remove_message(room, message)
    else:
        chat.store.messages.put(message)
    shown = chat.shapes.message(message)
    chat.hub.tell_watchers(
        room,
        "message.deleted",
        by or None,
        message=shown,
        message_id=message["id"],
        hard_delete=hard,
    )
    return shown


def undelete_message(chat: Chat, call: Call) -> Document:
    """POST /messages/{id}/undelete: a server brings back what was only hidden."""
    call.require_server()
    room, message = readable(chat, call, call.path["id"])
    kind = "reply" if message["parent_id"] else "regular"
    changed = {**message, "type": kind, "deleted_at": None}
    return {"message": _store_change(chat, call, room, changed)}
