"""Joining and leaving a channel, and the events about it."""

from typing import Any, Final

from sandbox.state import Document
from sandbox.stream.chat import Call, Chat, limit_of, mapping, offset_of, sort_of, text_list
from sandbox.stream.filters import in_order, matches
from sandbox.stream.problems import bad_input
from sandbox.stream.store import Room

_AT_ONCE: Final = 100


def member_entries(source: Document, name: str) -> list[Document]:
    """Return members given as ids or as objects with a `user_id` (or `user.id`)."""
    entries = source.get(name) or []
    if not isinstance(entries, list):
        raise bad_input(f"{name} must be a list")
    if len(entries) > _AT_ONCE:
        raise bad_input(f"{name} must contain at most {_AT_ONCE} members")
    return [_entry(entry, name) for entry in entries]


def _entry(entry: Any, name: str) -> Document:
    if isinstance(entry, str):
        return {"user_id": entry}
    if isinstance(entry, dict):
        user = entry.get("user") or {}
        user_id = entry.get("user_id") or user.get("id")
        if isinstance(user_id, str):
            return {**entry, "user_id": user_id}
    raise bad_input(f"{name} must contain user ids or objects with a user_id")


def require_known(chat: Chat, entries: list[Document], where: str) -> None:
    """Raise Refused (4) unless all the users exist."""
    unknown = [entry["user_id"] for entry in entries if entry["user_id"] not in chat.store.users]
    if unknown:
        raise bad_input(
            f"The following users are specified in {where} but don't exist: {unknown}. "
            "Please create the user objects before setting members on the channel."
        )


def admit(chat: Chat, room: Room, entries: list[Document], by: str | None) -> None:
    """Add members; existing ones stay as they are, without another event."""
    for entry in entries:
        if entry["user_id"] not in room.members:
            member = new_member(chat, room, entry)
            chat.store.put_member(member)
            _start_reading(chat, room, entry["user_id"])
            _tell_joined(chat, room, member, by)


def new_member(chat: Chat, room: Room, entry: Document) -> Document:
    """Return the stored form of a member, with the requested role."""
    now = chat.store.clock.stamp()
    known = ("user_id", "user", "channel_role", "role")
    return {
        "cid": room.cid,
        "user_id": entry["user_id"],
        "channel_role": entry.get("channel_role") or "channel_member",
        "custom": {name: value for name, value in entry.items() if name not in known},
        "created_at": now,
        "updated_at": now,
    }


def _start_reading(chat: Chat, room: Room, user_id: str) -> None:
    chat.store.put_read(
        room,
        {
            "cid": room.cid,
            "user_id": user_id,
            "last_read": chat.store.clock.stamp(),
            "last_read_message_id": None,
        },
    )


def _tell_joined(chat: Chat, room: Room, member: Document, by: str | None) -> None:
    shown = chat.shapes.member(member)
    user_id = member["user_id"]
    channel = chat.shapes.channel(room)
    chat.hub.tell_watchers(room, "member.added", user_id, member=shown, channel=channel)
    if user_id not in chat.hub.watcher_ids(room):
        chat.hub.tell_users(
            [user_id], "notification.added_to_channel", room, by, member=shown, channel=channel
        )


def dismiss(chat: Chat, room: Room, user_ids: list[str]) -> None:
    """Remove members; from the next event on they receive nothing of the channel."""
    for user_id in user_ids:
        member = chat.store.remove_member(room, user_id)
        if member is None:
            continue
        read = room.reads.pop(user_id, None)
        if read is not None:
            chat.store.reads.drop(read)
        chat.hub.put_out(room, user_id)
        shown = chat.shapes.member(member)
        channel = chat.shapes.channel(room)
        chat.hub.tell_watchers(room, "member.removed", user_id, member=shown, channel=channel)
        chat.hub.tell_users(
            [user_id],
            "notification.removed_from_channel",
            room,
            user_id,
            member=shown,
            channel=channel,
        )


def assign_roles(chat: Chat, room: Room, entries: list[Document]) -> None:
    """Change the channel role of members. Raises Refused (4) for a non-member."""
    for entry in entries:
        member = room.members.get(entry["user_id"])
        if member is None:
            raise bad_input(f"user {entry['user_id']} is not a member of the channel")
        role = entry.get("channel_role") or "channel_member"
        update_member(chat, room, {**member, "channel_role": role})


def make_moderators(chat: Chat, room: Room, user_ids: list[str]) -> None:
    """Make users moderators of the channel, and members first where needed."""
    entries = [{"user_id": user, "channel_role": "channel_moderator"} for user in user_ids]
    require_known(chat, entries, "channel.add_moderators")
    assign_roles(chat, room, [entry for entry in entries if entry["user_id"] in room.members])
    admit(chat, room, entries, None)


def demote(chat: Chat, room: Room, user_ids: list[str]) -> None:
    """Make moderators ordinary members again."""
    assign_roles(chat, room, [{"user_id": user} for user in user_ids])


def update_member(chat: Chat, room: Room, member: Document) -> None:
    """Store a changed member and notify the watchers."""
    changed = {**member, "updated_at": chat.store.clock.stamp()}
    chat.store.put_member(changed)
    chat.hub.tell_watchers(
        room,
        "member.updated",
        member["user_id"],
        member=chat.shapes.member(changed),
        channel=chat.shapes.channel(room),
    )


def query_members(chat: Chat, call: Call) -> Document:
    """GET /members: the members of a channel that pass a filter."""
    payload = call.payload
    room = chat.store.room(f"{payload.get('type')}:{payload.get('id')}")
    chat.roles.require(call.caller, room, "read-channel-members")
    conditions = mapping(payload, "filter_conditions")
    found = [
        member
        for member in room.members.values()
        if matches(conditions, lambda name, member=member: member_field(chat, member, name))  # type: ignore[misc]
    ]
    ordered = in_order(
        found,
        sort_of(payload, "created_at", 1),
        lambda member, name: member_field(chat, member, name),
    )
    offset = offset_of(payload)
    page = ordered[offset : offset + limit_of(payload, 100, 100)]
    return {"members": [chat.shapes.member(member) for member in page]}


def member_field(chat: Chat, member: Document, name: str) -> Any:
    """Return a member's field for filters: `id` and `name` are the user's."""
    user = chat.store.users.get(member["user_id"]) or {}
    if name in ("id", "user_id"):
        return member["user_id"]
    if name in ("name", "user.name"):
        return user.get("name")
    if name == "user.role":
        return user.get("role")
    if name in ("banned", "joined", "channel_role", "created_at", "updated_at"):
        return True if name == "joined" else chat.shapes.member(member).get(name)
    return member.get("custom", {}).get(name)


def update_member_partial(chat: Chat, call: Call) -> Document:
    """PATCH /channels/{type}/{id}/member: set and unset fields of a membership."""
    room = chat.store.room(call.cid)
    user_id = call.path.get("user_id") or chat.acting_user(call, call.body, "member")
    own = user_id == call.caller.user_id
    changes, dropped = mapping(call.body, "set"), text_list(call.body, "unset")
    if not own or "channel_role" in changes:
        chat.roles.require(call.caller, room, "update-channel-members")
    else:
        chat.roles.require(call.caller, room, "read-channel")
    member = room.members.get(user_id)
    if member is None:
        raise bad_input(f"user {user_id} is not a member of the channel")
    role = changes.get("channel_role", member["channel_role"])
    custom = {**member["custom"], **changes}
    kept = {k: v for k, v in custom.items() if k not in (*dropped, "channel_role")}
    update_member(chat, room, {**member, "channel_role": role, "custom": kept})
    return {"channel_member": chat.shapes.member(room.members[user_id])}
