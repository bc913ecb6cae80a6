"""Reports, mutes and bans."""

from typing import Any

from sandbox.state import Document
from sandbox.stream.chat import Call, Chat, limit_of, mapping, minutes_of, offset_of, sort_of
from sandbox.stream.filters import in_order, matches
from sandbox.stream.messages import erase
from sandbox.stream.problems import bad_input
from sandbox.stream.store import Room, stamp


def ban(chat: Chat, call: Call) -> Document:
    """POST /moderation/ban: from one channel or the whole app, for minutes or for good.

    As published, a banned user may still connect and read; only writing is refused. To stop
    somebody from reading, remove them from the channel as well.
    """
    body = call.body
    target = body.get("target_user_id")
    if not chat.is_user(target):
        raise bad_input("target_user_id must name a user")
    room = _room_of(chat, body)
    by = _banning(chat, call)
    _require_ban(chat, call, room)
    now = chat.store.clock.now()
    lasting = minutes_of(body, "timeout")
    stored = chat.store.bans.put(
        {
            "cid": room.cid if room else "",
            "user_id": target,
            "banned_by_id": by,
            "reason": body.get("reason") or None,
            "shadow": bool(body.get("shadow")),
            "expires": stamp(now + lasting) if lasting else None,
            "created_at": stamp(now),
        }
    )
    _delete_words(chat, room, target, str(body.get("delete_messages") or ""))
    _tell(chat, "user.banned", stored, room)
    return {}


def _room_of(chat: Chat, source: Any) -> Room | None:
    cid = source.get("channel_cid")
    if not cid and source.get("type") and source.get("id"):
        cid = f"{source['type']}:{source['id']}"
    return chat.store.room(cid) if cid else None


def _banning(chat: Chat, call: Call) -> str:
    body = call.body
    source = {
        "user_id": body.get("banned_by_id") or body.get("user_id"),
        "user": body.get("banned_by") or body.get("user"),
    }
    return chat.acting_user(call, source, "banned_by")


def _require_ban(chat: Chat, call: Call, room: Room | None) -> None:
    if room is None:
        chat.roles.require_in_app(call.caller, "ban-user")
    else:
        chat.roles.require(call.caller, room, "ban-channel-member")


def _delete_words(chat: Chat, room: Room | None, user_id: str, how: str) -> None:
    if how in ("soft", "hard", "pruning"):
        for place in [room] if room else chat.store.rooms():
            for message in list(place.messages):
                if message["user_id"] == user_id:
                    erase(chat, place, message, "", hard=how != "soft")


def _tell(chat: Chat, kind: str, stored: Document, room: Room | None) -> None:
    fields = {
        "reason": stored["reason"],
        "expiration": stored["expires"],
        "shadow": stored["shadow"],
        "created_by": chat.shapes.user(stored["banned_by_id"]),
    }
    target = stored["user_id"]
    if stored["shadow"]:
        return
    watching = chat.hub.watcher_ids(room) if room else []
    if room is not None:
        chat.hub.tell_watchers(room, kind, target, **fields)
    if target not in watching:
        chat.hub.tell_users([target], kind, room, target, **fields)


def unban(chat: Chat, call: Call) -> Document:
    """DELETE /moderation/ban."""
    target = call.query.get("target_user_id", "")
    room = _room_of(chat, call.query)
    _require_ban(chat, call, room)
    stored = chat.store.bans.get(f"{room.cid if room else ''}|{target}")
    if stored is not None:
        chat.store.bans.drop(stored)
        _tell(chat, "user.unbanned", {**stored, "reason": None, "expires": None}, room)
    return {}


def query_bans(chat: Chat, call: Call) -> Document:
    """GET /query_banned_users."""
    payload = call.payload
    conditions = mapping(payload, "filter_conditions")
    if not call.caller.server:
        cid = conditions.get("channel_cid")
        if not isinstance(cid, str):
            raise bad_input("channel_cid is a required filter for client-side requests")
        chat.roles.require(call.caller, chat.store.room(cid), "ban-channel-member")
    live = [
        ban
        for ban in chat.store.bans
        if chat.shapes.live_ban(ban["cid"], ban["user_id"])
        and matches(conditions, lambda name, ban=ban: _ban_field(ban, name))  # type: ignore[misc]
    ]
    ordered = in_order(live, sort_of(payload, "created_at", -1), _ban_field)
    offset = offset_of(payload)
    page = ordered[offset : offset + limit_of(payload, 100, 300)]
    return {"bans": [chat.shapes.ban(ban) for ban in page]}


def _ban_field(ban: Document, name: str) -> Any:
    return (ban["cid"] or None) if name == "channel_cid" else ban.get(name)


def flag(chat: Chat, call: Call) -> Document:
    """POST /moderation/flag: report a message or a person."""
    by = chat.acting_user(call, call.body, "flag")
    message_id = call.body.get("target_message_id")
    target = call.body.get("target_user_id")
    if message_id:
        message = chat.store.message(str(message_id))
        room = chat.store.room(message["cid"])
        chat.roles.require(call.caller, room, "flag-message", own=message["user_id"] == by)
        target = message["user_id"]
    elif chat.is_user(target):
        chat.roles.require_in_app(call.caller, "flag-user")
    else:
        raise bad_input("target_message_id or target_user_id must be provided")
    now = chat.store.clock.stamp()
    stored = chat.store.flags.put(
        {
            "id": f"{by}|{message_id or target}",
            "user_id": by,
            "message_id": message_id,
            "target_user_id": target,
            "cid": chat.store.message(str(message_id))["cid"] if message_id else None,
            "reason": call.body.get("reason"),
            "custom": mapping(call.body, "custom") or None,
            "reviewed_at": None,
            "reviewed_by": None,
            "created_at": now,
            "updated_at": now,
        }
    )
    return {"flag": chat.shapes.flag(stored)}


def unflag(chat: Chat, call: Call) -> Document:
    """POST /moderation/unflag: withdraw a report."""
    by = chat.acting_user(call, call.body, "flag")
    target = call.body.get("target_message_id") or call.body.get("target_user_id")
    stored = chat.store.flags.get(f"{by}|{target}")
    if stored is None:
        raise bad_input("there is no such flag")
    chat.store.flags.drop(stored)
    return {"flag": chat.shapes.flag(stored)}


def query_message_flags(chat: Chat, call: Call) -> Document:
    """GET /moderation/flags/message: the reported messages, newest first."""
    payload = call.payload
    conditions = mapping(payload, "filter_conditions")
    found = [
        flag
        for flag in chat.store.flags
        if str(flag["message_id"]) in chat.store.messages
        and matches(conditions, lambda name, flag=flag: _flag_field(flag, name))  # type: ignore[misc]
        and chat.roles.allows(call.caller, chat.store.room(flag["cid"]), "read-message-flags")
    ]
    newest = sorted(found, key=lambda flag: str(flag["created_at"]), reverse=True)
    offset = offset_of(payload)
    page = newest[offset : offset + limit_of(payload, 30, 100)]
    return {"flags": [_message_flag(chat, stored) for stored in page]}


def _message_flag(chat: Chat, stored: Document) -> Document:
    shown = chat.shapes.flag(stored)
    shown["message"] = shown.pop("target_message")
    shown.pop("target_message_id")
    shown.pop("target_user", None)
    return shown


def _flag_field(flag: Document, name: str) -> Any:
    if name == "channel_cid":
        return flag["cid"]
    if name == "is_reviewed":
        return flag["reviewed_at"] is not None
    return flag.get(name)


def mute(chat: Chat, call: Call) -> Document:
    """POST /moderation/mute: one user no longer sees others, for minutes or for good."""
    by = chat.acting_user(call, call.body, "mute")
    chat.roles.require_in_app(call.caller, "mute-user")
    now = chat.store.clock.now()
    lasting = minutes_of(call.body, "timeout")
    stored = [
        chat.store.mutes.put(
            {
                "user_id": by,
                "target_id": target,
                "expires": stamp(now + lasting) if lasting else None,
                "created_at": stamp(now),
                "updated_at": stamp(now),
            }
        )
        for target in _targets(chat, call)
    ]
    shown = [chat.shapes.mute(one) for one in stored]
    own = chat.shapes.full_user(by)
    chat.hub.tell_users([by], "notification.mutes_updated", me=own)
    single = {"mute": shown[0]} if len(shown) == 1 else {}
    return {**single, "mutes": shown, "own_user": own}


def unmute(chat: Chat, call: Call) -> Document:
    """POST /moderation/unmute."""
    by = chat.acting_user(call, call.body, "mute")
    for target in _targets(chat, call):
        stored = chat.store.mutes.get(f"{by}|{target}")
        if stored is not None:
            chat.store.mutes.drop(stored)
    chat.hub.tell_users([by], "notification.mutes_updated", me=chat.shapes.full_user(by))
    return {}


def _targets(chat: Chat, call: Call) -> list[str]:
    targets = call.body.get("target_ids") or [call.body.get("target_id")]
    if not isinstance(targets, list) or not all(map(chat.is_user, targets)):
        raise bad_input("target_ids must name users")
    return targets
