"""Existing messages: read, change, pin, delete, and their threads."""

from sandbox.state import Document
from sandbox.stream.chat import Call, Chat, mapping, text_list
from sandbox.stream.pages import page_of_messages
from sandbox.stream.problems import bad_input
from sandbox.stream.sending import KNOWN_FIELDS, content_of, pin_fields, require_not_banned
from sandbox.stream.store import Room


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
    changed = {**message, **content_of(chat, room, sent), "message_text_updated_at": now}
    if "pinned" in sent and bool(sent["pinned"]) != message["pinned"]:
        chat.roles.require(call.caller, room, "pin-message", own=_is_own(call, message))
        changed |= pin_fields(sent, by, now)
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
        changed |= pin_fields(changes, by, now)
    if "text" in changes or "attachments" in changes:
        content = content_of(chat, room, {**message, **changes})
        changed |= {name: content[name] for name in ("text", "attachments")}
    custom = {**message["custom"], **{k: v for k, v in changes.items() if k not in KNOWN_FIELDS}}
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
    """DELETE /messages/{id}: hide it, or with `hard=true` delete it and its replies.

    `delete_for_me` hides it from one user, who only needs the right to read it.
    """
    room, message = readable(chat, call, call.path["id"])
    hard = call.query.get("hard") == "true"
    if call.query.get("delete_for_me") == "true" or call.body.get("delete_for_me") is True:
        if hard:
            raise bad_input("hard and delete_for_me exclude each other")
        return {"message": _hide(chat, call, room, message)}
    own = _is_own(call, message) and not hard
    chat.roles.require(call.caller, room, "delete-message", own=own)
    return {"message": erase(chat, room, message, call.caller.user_id, hard=hard)}


def _hide(chat: Chat, call: Call, room: Room, message: Document) -> Document:
    """Delete a message for one user, and notify only that user."""
    person = chat.acting_user(call, call.body, "message")
    message["deleted_for"] = sorted({*message.get("deleted_for", ()), person})
    chat.store.messages.put(message)
    shown = chat.shapes.message(message, person)
    told = {name: value for name, value in shown.items() if name != "deleted_for_me"}
    fields = {"message": told, "message_id": message["id"], "deleted_for_me": True}
    chat.hub.tell_users([person], "message.deleted", room, person, **fields)
    return shown


def erase(chat: Chat, room: Room, message: Document, by: str, *, hard: bool) -> Document:
    """Delete a message and notify the watchers; returns its new form."""
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
    """POST /messages/{id}/undelete: a server restores a hidden message."""
    call.require_server()
    room, message = readable(chat, call, call.path["id"])
    kind = "reply" if message["parent_id"] else "regular"
    changed = {**message, "type": kind, "deleted_at": None}
    return {"message": _store_change(chat, call, room, changed)}
