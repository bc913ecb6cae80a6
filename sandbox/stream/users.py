"""Users, and the app's own settings."""

from typing import Any, Final

from sandbox.state import Document
from sandbox.stream.chat import Call, Chat, limit_of, mapping, offset_of, sort_of, text_list
from sandbox.stream.filters import in_order, matches
from sandbox.stream.members import dismiss
from sandbox.stream.messages import erase
from sandbox.stream.problems import NOT_ALLOWED, Refused, bad_input, does_not_exist

_SERVER_FIELDS: Final = ("role", "teams", "teams_role", "revoke_tokens_issued_before")
_AT_ONCE: Final = 100


def upsert_users(chat: Chat, call: Call) -> Document:
    """POST /users: replace users; a client may write only itself."""
    users = mapping(call.body, "users")
    if not 1 <= len(users) <= _AT_ONCE:
        raise bad_input(f"users must hold between 1 and {_AT_ONCE} users")
    for user in users.values():
        if not isinstance(user, dict):
            raise bad_input("users must be objects with an id")
        _require_write(chat, call, str(user.get("id")), user)
    written = [chat.write_user(user, replace=True) for user in users.values()]
    return _written(chat, written)


def update_users_partial(chat: Chat, call: Call) -> Document:
    """PATCH /users: set and unset single fields."""
    updates = call.body.get("users")
    if not isinstance(updates, list) or not 1 <= len(updates) <= _AT_ONCE:
        raise bad_input(f"users must be a list of 1 to {_AT_ONCE} updates")
    return _written(chat, [_update(chat, call, update) for update in updates])


def _update(chat: Chat, call: Call, update: Any) -> Document:
    if not isinstance(update, dict):
        raise bad_input("an update must be an object with an id")
    changes, dropped = mapping(update, "set"), text_list(update, "unset")
    _require_write(chat, call, str(update.get("id")), changes)
    known = chat.store.users.get(str(update.get("id")))
    if known is None:
        raise does_not_exist(f"user with id {update.get('id')} doesn't exist")
    flat = {**known.get("custom", {}), **known, **changes}
    kept = {name: value for name, value in flat.items() if name not in dropped}
    return chat.write_user({**kept, "id": known["id"]}, replace=True)


def _require_write(chat: Chat, call: Call, user_id: str, fields: Document) -> None:
    if call.caller.server:
        return
    own = user_id == call.caller.user_id
    chat.roles.require_in_app(call.caller, "update-user", own=own)
    if any(name in fields for name in _SERVER_FIELDS):
        raise Refused(NOT_ALLOWED, "role and teams of a user can only be set server-side")


def _written(chat: Chat, written: list[Document]) -> Document:
    for user in written:
        rooms = chat.store.rooms_of(user["id"])
        people = {watcher for room in rooms for watcher in chat.hub.watcher_ids(room)}
        shown = chat.shapes.user(user["id"])
        chat.hub.tell_users(sorted(people), "user.updated", user=shown)
    return {
        "users": {user["id"]: chat.shapes.full_user(user["id"]) for user in written},
        "membership_deletion_task_id": "",
    }


def query_users(chat: Chat, call: Call) -> Document:
    """GET /users: the users who pass a filter."""
    chat.roles.require_in_app(call.caller, "search-user")
    payload = call.payload
    conditions = mapping(payload, "filter_conditions")
    found = [
        user
        for user in chat.store.users
        if not user.get("deactivated_at")
        and not user.get("deleted_at")
        and matches(conditions, lambda name, user=user: _field(user, name))  # type: ignore[misc]
    ]
    sort = sort_of(payload, "created_at", -1)
    offset = offset_of(payload)
    page = in_order(found, sort, _field)[offset : offset + limit_of(payload, 30, 100)]
    look = chat.shapes.full_user if call.caller.server else chat.shapes.user
    return {"users": [look(user["id"]) for user in page]}


def _field(user: Document, name: str) -> Any:
    return user[name] if name in user else user.get("custom", {}).get(name)


def delete_user(chat: Chat, call: Call) -> Document:
    """DELETE /users/{id}: remove from every channel, on request with all their messages."""
    call.require_server()
    user_id = call.path["id"]
    if user_id not in chat.store.users:
        raise does_not_exist(f"user with id {user_id} doesn't exist")
    hard = call.query.get("hard_delete") == "true"
    shown = {**(chat.shapes.user(user_id) or {}), "deleted_at": chat.store.clock.stamp()}
    words = "hard" if hard else "soft" if call.query.get("mark_messages_deleted") == "true" else ""
    forget(chat, user_id, words)
    return {"user": shown}


def delete_users(chat: Chat, call: Call) -> Document:
    """POST /users/delete: the same for many, as a task whose id is returned."""
    call.require_server()
    user_ids = text_list(call.body, "user_ids")
    unknown = [user_id for user_id in user_ids if user_id not in chat.store.users]
    if not user_ids or unknown:
        raise bad_input(f"user_ids must name users; unknown: {unknown}")
    for user_id in user_ids:
        forget(chat, user_id, str(call.body.get("messages") or ""))
    now = chat.store.clock.stamp()
    task = {"id": chat.store.new_id(), "created_at": now, "updated_at": now}
    result = {user_id: {"status": "ok"} for user_id in user_ids}
    chat.store.tasks.put({**task, "status": "completed", "result": result})
    return {"task_id": task["id"]}


def get_task(chat: Chat, call: Call) -> Document:
    """GET /tasks/{id}."""
    call.require_server()
    task = chat.store.tasks.get(call.path["id"])
    if task is None:
        raise does_not_exist(f"task {call.path['id']} not found")
    return {**{k: v for k, v in task.items() if k != "id"}, "task_id": task["id"]}


def forget(chat: Chat, user_id: str, words: str) -> None:
    """Remove a user everywhere; `words` says what happens to their messages."""
    if words in ("soft", "hard", "pruning"):
        for room in chat.store.rooms():
            for message in [m for m in room.messages if m["user_id"] == user_id]:
                erase(chat, room, message, "", hard=words != "soft")
    for room in chat.store.rooms_of(user_id):
        dismiss(chat, room, [user_id])
    chat.hub.disconnect(user_id)
    user = chat.store.users.get(user_id)
    if user is not None:
        kept = {name: user[name] for name in ("id", "role", "language", "teams", "created_at")}
        now = chat.store.clock.stamp()
        chat.store.users.put({**kept, "custom": {}, "updated_at": now, "deleted_at": now})


def deactivate_user(chat: Chat, call: Call) -> Document:
    """POST /users/{id}/deactivate: may not connect until reactivated."""
    return _set_active(chat, call, chat.store.clock.stamp())


def reactivate_user(chat: Chat, call: Call) -> Document:
    """POST /users/{id}/reactivate."""
    return _set_active(chat, call, None)


def _set_active(chat: Chat, call: Call, deactivated_at: str | None) -> Document:
    call.require_server()
    user = chat.store.users.get(call.path["id"])
    if user is None:
        raise does_not_exist(f"user with id {call.path['id']} doesn't exist")
    kept = {name: value for name, value in user.items() if name != "deactivated_at"}
    mark = {"deactivated_at": deactivated_at} if deactivated_at else {}
    chat.store.users.put({**kept, **mark})
    if deactivated_at:
        chat.hub.disconnect(user["id"])
    return {"user": chat.shapes.user(user["id"])}


def get_unread(chat: Chat, call: Call) -> Document:
    """GET /unread: what a user has not read, channel by channel."""
    user_id = chat.acting_user(call, call.query, "unread")
    rooms = [(room, chat.shapes.unread(room, user_id)) for room in chat.store.rooms_of(user_id)]
    unread = [(room, count) for room, count in rooms if count]
    kinds: dict[str, list[int]] = {}
    for room, count in unread:
        kinds.setdefault(room.channel_type, []).append(count)
    return {
        "total_unread_count": sum(count for _, count in unread),
        "total_unread_threads_count": 0,
        "channels": [
            {
                "channel_id": room.cid,
                "unread_count": count,
                "last_read": room.reads[user_id]["last_read"],
            }
            for room, count in unread
        ],
        "channel_type": [
            {"channel_type": kind, "channel_count": len(counts), "unread_count": sum(counts)}
            for kind, counts in kinds.items()
        ],
        "threads": [],
    }
