"""Authorization: the grants of the channel type, and channel membership."""

from collections.abc import Iterable
from typing import Final

from sandbox.state import Document
from sandbox.stream.grants import APP, action_of
from sandbox.stream.problems import NOT_ALLOWED, Refused
from sandbox.stream.store import Room, Store
from sandbox.stream.tokens import Caller

# Capability that a client sees -> (its permission, the feature that must be on).
_CAPABILITIES: Final = {
    "ban-channel-members": ("ban-channel-member", ""),
    "connect-events": ("read-channel", "connect_events"),
    "create-attachment": ("create-attachment", ""),
    "create-mention": ("create-mention", ""),
    "delete-channel": ("delete-channel", ""),
    "flag-message": ("flag-message", ""),
    "freeze-channel": ("update-channel-frozen", ""),
    "join-channel": ("add-own-channel-membership", ""),
    "leave-channel": ("remove-own-channel-membership", ""),
    "mute-channel": ("mute-channel", "mutes"),
    "pin-message": ("pin-message", ""),
    "quote-message": ("create-message", "quotes"),
    "read-events": ("read-channel", "read_events"),
    "search-messages": ("read-channel", "search"),
    "send-custom-events": ("send-custom-event", "custom_events"),
    "send-links": ("add-links", ""),
    "send-message": ("create-message", ""),
    "send-reaction": ("create-reaction", "reactions"),
    "send-reply": ("create-reply", "replies"),
    "send-typing-events": ("create-message", "typing_events"),
    "set-channel-cooldown": ("update-channel-cooldown", ""),
    "skip-slow-mode": ("skip-channel-cooldown", ""),
    "typing-events": ("read-channel", "typing_events"),
    "update-channel": ("update-channel", ""),
    "update-channel-members": ("update-channel-members", ""),
    "upload-file": ("upload-attachment", "uploads"),
}


class Roles:
    """Answers permission questions the way the published system does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def roles_of(self, user_id: str, room: Room | None) -> list[str]:
        """Return a user's app role and, for a member, the channel role."""
        user = self._store.users.get(user_id)
        roles = [str(user["role"]) if user else "anonymous"]
        member = room.members.get(user_id) if room else None
        if member:
            roles.append(str(member["channel_role"]))
        return roles

    def allows(self, caller: Caller, room: Room, permission: str, *, own: bool = False) -> bool:
        """Return whether the caller may; `own` means that the object is theirs."""
        if caller.server or self._unchecked():
            return True
        own = own or room.channel.get("created_by_id") == caller.user_id
        return self._granted(
            self.roles_of(caller.user_id, room), room.channel_type, permission, own=own
        )

    def require(self, caller: Caller, room: Room, permission: str, *, own: bool = False) -> None:
        """Raise Refused (17) unless the caller may."""
        if not self.allows(caller, room, permission, own=own):
            raise self.refusal(caller, room, permission)

    def refusal(self, caller: Caller, room: Room, permission: str) -> Refused:
        """Return the published sentence for an action that is not allowed."""
        roles = self.roles_of(caller.user_id, room)
        return _refusal(caller.user_id, roles, permission, room.channel_type)

    def require_in_type(self, caller: Caller, type_name: str, permission: str) -> None:
        """Raise Refused (17) unless the caller's app role holds the permission in a type."""
        if not self.allows_in_type(caller, type_name, permission):
            roles = self.roles_of(caller.user_id, None)
            raise _refusal(caller.user_id, roles, permission, type_name)

    def allows_in_type(self, caller: Caller, type_name: str, permission: str) -> bool:
        """Return whether the caller may in every channel of a type, as a member or not."""
        if caller.server or self._unchecked():
            return True
        return self._granted(self.roles_of(caller.user_id, None), type_name, permission, own=False)

    def require_in_app(self, caller: Caller, permission: str, *, own: bool = False) -> None:
        """Raise Refused (17) unless the app's own grants allow it."""
        if caller.server or self._unchecked():
            return
        roles = self.roles_of(caller.user_id, None)
        held = {grant for role in roles for grant in self._app_grants().get(role, ())}
        if not _covers(held, permission, own=own):
            raise _refusal(caller.user_id, roles, permission, ".app")

    def capabilities(self, user_id: str, room: Room) -> list[str]:
        """Return what the page may offer this user in this channel."""
        caller = Caller(user_id)
        type_document = self._store.types.get(room.channel_type) or {}
        found = {
            capability
            for capability, (permission, feature) in _CAPABILITIES.items()
            if self.allows(caller, room, permission) and type_document.get(feature, True)
        }
        for verb in ("delete", "update"):
            if self.allows(caller, room, f"{verb}-message"):
                found.add(f"{verb}-any-message")
            if self.allows(caller, room, f"{verb}-message", own=True):
                found.add(f"{verb}-own-message")
        if room.channel.get("cooldown") and "skip-slow-mode" not in found:
            found.add("slow-mode")
        return sorted(found)

    def _granted(self, roles: Iterable[str], type_name: str, permission: str, *, own: bool) -> bool:
        grants = (self._store.types.get(type_name) or {}).get("grants", {})
        held = {grant for role in roles for grant in grants.get(role, ())}
        return _covers(held, permission, own=own)

    def _app_grants(self) -> dict[str, Iterable[str]]:
        return {**APP, **(self._app().get("grants") or {})}

    def _unchecked(self) -> bool:
        return bool(self._app().get("disable_permissions_checks"))

    def _app(self) -> Document:
        return self._store.settings.get("app") or {}


def _covers(held: set[str], permission: str, *, own: bool) -> bool:
    return permission in held or (own and f"{permission}-owner" in held)


def _refusal(user_id: str, roles: list[str], permission: str, scope: str) -> Refused:
    shown = f"role '{roles[0]}'" if len(roles) == 1 else f"roles {roles}"
    sentence = f"User '{user_id}' with {shown} is not allowed to perform action "
    return Refused(NOT_ALLOWED, f"{sentence}{action_of(permission)} in scope '{scope}'")
