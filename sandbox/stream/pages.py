"""Pages of messages, and channels by filter."""

from typing import Any, Final

from sandbox.state import Document
from sandbox.stream.chat import Call, Chat, limit_of, mapping, offset_of, sort_of
from sandbox.stream.filters import in_order, matches
from sandbox.stream.problems import QUERY_NOT_PERMITTED, Refused, bad_input
from sandbox.stream.store import Room

_MOST: Final = 300


def page_of_messages(messages: list[Document], asked: Document, default: int) -> list[Document]:
    """Return one page, oldest first: the newest messages, or those around a given mark."""
    limit = limit_of(asked, default, _MOST)
    if limit == 0:
        return []
    around = asked.get("id_around") or asked.get("created_at_around")
    if around:
        middle = _index(messages, around)
        start = max(0, middle - limit // 2)
        return messages[start : start + limit]
    newer = _first(asked, "id_gt", "id_gte", "created_at_after", "created_at_after_or_equal")
    if newer:
        name, mark = newer
        start = _index(messages, mark, past=name in ("id_gt", "created_at_after"))
        return messages[start : start + limit]
    older = _first(asked, "id_lt", "id_lte", "created_at_before", "created_at_before_or_equal")
    if older:
        name, mark = older
        end = _index(messages, mark, past=name in ("id_lte", "created_at_before_or_equal"))
        return messages[max(0, end - limit) : end]
    return messages[-limit:]


def _first(asked: Document, *names: str) -> tuple[str, Any] | None:
    return next(((name, asked[name]) for name in names if asked.get(name)), None)


def _index(messages: list[Document], mark: Any, *, past: bool = False) -> int:
    if not isinstance(mark, str):
        raise bad_input("a page starts at a message id or at a time")
    for index, message in enumerate(messages):
        if message["id"] == mark:
            return index + 1 if past else index
    if "T" not in mark or ":" not in mark:
        raise bad_input(f"message {mark} is not in the channel")
    if past:
        return sum(1 for message in messages if message["created_at"] <= mark)
    return sum(1 for message in messages if message["created_at"] < mark)


def query_channels(chat: Chat, call: Call, state_of: Any) -> Document:
    """POST /channels: the channels that pass a filter, with their state, optionally watched."""
    conditions = mapping(call.body, "filter_conditions")
    _require_own_channels(chat, call, conditions)
    found = [
        room
        for room in chat.store.rooms()
        if matches(conditions, lambda name, room=room: channel_field(call, room, name))  # type: ignore[misc]
        and chat.roles.allows(call.caller, room, "read-channel")
    ]
    sort = sort_of(call.body, "last_updated", -1)
    ordered = in_order(found, sort, lambda room, name: channel_field(call, room, name))
    offset = offset_of(call.body)
    page = ordered[offset : offset + limit_of(call.body, 10, 30)]
    if call.body.get("watch"):
        connection = chat.hub.connection(call.connection_id, call.caller)
        for room in page:
            chat.hub.watch(connection, room)
    asked = {
        "state": call.body.get("state", True),
        "messages": {"limit": limit_of({"limit": call.body.get("message_limit")}, 25, _MOST)},
        "members": {"limit": limit_of({"limit": call.body.get("member_limit")}, 100, 100)},
    }
    return {"channels": [state_of(chat, call, room, asked) for room in page]}


def _require_own_channels(chat: Chat, call: Call, conditions: Document) -> None:
    """Refuse (70) a filter that may find channels which the caller cannot read."""
    if call.caller.server or _names_me(conditions, call.caller.user_id):
        return
    kinds = [str(kind["name"]) for kind in chat.store.types]
    wanted = [
        kind
        for kind in kinds
        if "type" not in conditions
        or matches({"type": conditions["type"]}, lambda _, kind=kind: kind)  # type: ignore[misc]
    ]
    for kind in wanted or kinds:
        if not chat.roles.allows_in_type(call.caller, kind, "read-channel"):
            raise Refused(
                QUERY_NOT_PERMITTED,
                f"user {call.caller.user_id} may not read every channel that this filter "
                "can find; filter by members that include the user",
            )


def _names_me(conditions: Document, user_id: str) -> bool:
    wanted = conditions.get("members")
    if wanted in ({"$in": [user_id]}, {"$eq": user_id}, user_id):
        return True
    if conditions.get("joined") is True:
        return True
    parts = conditions.get("$and")
    return isinstance(parts, list) and any(
        isinstance(part, dict) and _names_me(part, user_id) for part in parts
    )


def channel_field(call: Call, room: Room, name: str) -> Any:
    """Return a channel's field for filters and sorting."""
    if name == "members":
        return list(room.members)
    if name == "member_count":
        return len(room.members)
    if name == "joined":
        return call.caller.user_id in room.members
    if name == "last_updated":
        return room.channel["last_message_at"] or room.channel["created_at"]
    if name in room.channel:
        return room.channel[name]
    return room.channel["custom"].get(name)
