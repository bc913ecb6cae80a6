"""The parts of the chat that every endpoint needs, and the content of one call."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeGuard

from sandbox.state import Document, State
from sandbox.stream.grants import LIVESTREAM, MESSAGING
from sandbox.stream.hub import Hub
from sandbox.stream.problems import AUTHENTICATION, NOT_ALLOWED, Refused, bad_input
from sandbox.stream.roles import Roles
from sandbox.stream.shapes import Shapes
from sandbox.stream.store import Room, Store
from sandbox.stream.tokens import Caller, Keys, check_revoked

_SET_BY_US: Final = frozenset(
    {"banned", "shadow_banned", "online", "created_at", "updated_at", "last_active"}
    | {"deleted_at", "deactivated_at", "ban_expires", "invisible", "anon", "mutes"}
    | {"devices", "channel_mutes", "unread_count", "total_unread_count", "unread_channels"}
    | {"unread_threads", "blocked_user_ids", "custom"}
)
_OF_USER: Final = frozenset(
    {"id", "role", "name", "image", "language", "teams", "teams_role", "privacy_settings"}
    | {"revoke_tokens_issued_before"}
)
_LONGEST_MINUTES: Final = 100 * 366 * 24 * 60
_ONLY_SERVER: Final = frozenset({"role", "teams", "teams_role", "revoke_tokens_issued_before"})


@dataclass(frozen=True)
class Call:
    """One request: its caller, path, query and body."""

    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Document

    @property
    def payload(self) -> Document:
        """Return the query endpoints' arguments: JSON in the query string's `payload`."""
        try:
            payload = json.loads(self.query.get("payload", "{}"))
        except ValueError:
            raise bad_input("payload is not valid JSON") from None
        if not isinstance(payload, dict):
            raise bad_input("payload must be an object")
        return payload

    @property
    def cid(self) -> str:
        """Return the full name of the channel in the path."""
        return f"{self.path['type']}:{self.path['id']}"

    @property
    def connection_id(self) -> str | None:
        """Return the id of the client's open WebSocket, from the query or the body."""
        given = self.query.get("connection_id") or self.body.get("connection_id")
        return given if isinstance(given, str) else None

    def require_server(self) -> None:
        """Refuse clients (code 17): this endpoint is for the app's own server."""
        if not self.caller.server:
            raise Refused(NOT_ALLOWED, "this endpoint can only be called server-side")


class Chat:
    """One GetStream app, as the sandbox keeps it."""

    def __init__(self, state: State, keys: Keys) -> None:
        self.keys = keys
        self.store = Store(state)
        self.roles = Roles(self.store)
        self.shapes = Shapes(self.store, self.roles)
        self.hub = Hub(self.store, self.roles, self.shapes)
        for name, grants in (("messaging", MESSAGING), ("livestream", LIVESTREAM)):
            if name not in self.store.types:
                self.store.types.put(new_type(name, self.store.clock.stamp(), grants))

    def readable_room(self, call: Call) -> Room:
        """Return the channel in the path if the caller may read it. Raises Refused (16, 17)."""
        room = self.store.room(call.cid)
        self.roles.require(call.caller, room, "read-channel")
        return room

    def is_user(self, user_id: Any) -> TypeGuard[str]:
        """Return whether this is the id of a known user."""
        return isinstance(user_id, str) and user_id in self.store.users

    def acting_user(self, call: Call, source: Mapping[str, Any], what: str) -> str:
        """Return in whose name a call acts: a client's own, or the one a server names.

        Raises Refused (4) if a server names nobody, or somebody unknown.
        """
        if not call.caller.server:
            return call.caller.user_id
        user = source.get("user")
        if isinstance(user, dict) and isinstance(user.get("id"), str):
            if user["id"] not in self.store.users:
                self.write_user(user, replace=False)
            return str(user["id"])
        user_id = source.get("user_id") or call.query.get("user_id")
        if not isinstance(user_id, str) or not user_id:
            raise bad_input(
                f"either {what}.user or {what}.user_id must be provided when using "
                "server side auth."
            )
        if user_id not in self.store.users:
            raise bad_input(f"user with id {user_id} doesn't exist")
        return user_id

    def admit_caller(self, caller: Caller) -> None:
        """Refuse revoked tokens (40) and people who were deactivated or deleted (5)."""
        app = self.store.settings.get("app") or {}
        check_revoked(caller, app.get("revoke_tokens_issued_before"))
        user = self.store.users.get(caller.user_id) or {}
        check_revoked(caller, user.get("revoke_tokens_issued_before"))
        if user.get("deactivated_at") or user.get("deleted_at"):
            raise Refused(AUTHENTICATION, f"User {caller.user_id} is deactivated or deleted")

    def write_user(self, fields: Mapping[str, Any], *, replace: bool) -> Document:
        """Store a user's fields: all of them anew, or on top of the known ones."""
        user_id = fields.get("id")
        if not isinstance(user_id, str) or not user_id or len(user_id) > 255:
            raise bad_input("user.id is a required field of at most 255 characters")
        known = self.store.users.get(user_id)
        now = self.store.clock.stamp()
        kept = known if known and not replace else {}
        own = {name: fields[name] for name in _OF_USER if name in fields}
        custom = {
            name: value
            for name, value in fields.items()
            if name not in _OF_USER and name not in _SET_BY_US
        }
        return self.store.users.put(
            {
                "role": "user",
                "language": "",
                "teams": [],
                **kept,
                **own,
                "custom": {**kept.get("custom", {}), **custom},
                "created_at": known["created_at"] if known else now,
                "updated_at": now,
                **(
                    {"last_active": known["last_active"]}
                    if known and "last_active" in known
                    else {}
                ),
            }
        )

    def client_fields(self, fields: Mapping[str, Any]) -> Document:
        """Return the fields that a client may set: never its role, teams or revocations."""
        return {name: value for name, value in fields.items() if name not in _ONLY_SERVER}


def new_type(name: str, now: str, grants: Mapping[str, Any]) -> Document:
    """Return a channel type with the published defaults."""
    on = (
        *("typing_events", "read_events", "connect_events", "custom_events", "search"),
        *("reactions", "replies", "quotes", "mutes", "uploads", "url_enrichment"),
        *("push_notifications", "count_messages"),
    )
    off = (
        *("reminders", "user_message_reminders", "mark_messages_pending", "polls"),
        *("delivery_events", "shared_locations", "skip_last_msg_update_for_system_msgs"),
    )
    return {
        "name": name,
        **dict.fromkeys(on, True),
        **dict.fromkeys(off, False),
        "message_retention": "infinite",
        "max_message_length": 5000,
        "automod": "disabled",
        "automod_behavior": "flag",
        "commands": [],
        "permissions": [],
        "grants": {role: sorted(held) for role, held in grants.items()},
        "created_at": now,
        "updated_at": now,
    }


def limit_of(source: Mapping[str, Any], default: int, most: int) -> int:
    """Return the requested page size. Raises Refused (4) outside of 0…most."""
    limit = source.get("limit", default)
    if isinstance(limit, str) and limit.isdigit():
        limit = int(limit)
    if limit is None:
        return default
    if not isinstance(limit, int) or isinstance(limit, bool) or not 0 <= limit <= most:
        raise bad_input(f"limit must be between 0 and {most}")
    return limit


def offset_of(source: Mapping[str, Any]) -> int:
    """Return how many results to skip. Raises Refused (4) below zero."""
    offset = source.get("offset") or 0
    if isinstance(offset, str) and offset.isdigit():
        offset = int(offset)
    if not isinstance(offset, int) or offset < 0:
        raise bad_input("offset must not be negative")
    return offset


def minutes_of(source: Mapping[str, Any], name: str) -> timedelta | None:
    """Return a length given in minutes, or None for ever. Raises Refused (4)."""
    minutes = source.get(name)
    if not minutes:
        return None
    if not isinstance(minutes, int | float) or isinstance(minutes, bool):
        raise bad_input(f"{name} must be a number of minutes")
    if not 0 < minutes <= _LONGEST_MINUTES:
        raise bad_input(f"{name} must be a number of minutes up to 100 years")
    return timedelta(minutes=minutes)


def sort_of(source: Mapping[str, Any], field: str, direction: int) -> list[Document]:
    """Return the requested order, or the given one. Raises Refused (4)."""
    rules = source.get("sort") or [{"field": field, "direction": direction}]
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise bad_input("sort must be a list of objects with a field and a direction")
    return rules


def text_list(source: Mapping[str, Any], name: str) -> list[str]:
    """Return a list of strings from a body. Raises Refused (4) for anything else."""
    value = source.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise bad_input(f"{name} must be a list of strings")
    return value


def mapping(source: Mapping[str, Any], name: str) -> Document:
    """Return an object from a body, empty if missing. Raises Refused (4) otherwise."""
    value = source.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_input(f"{name} must be an object")
    return value
