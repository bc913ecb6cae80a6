"""What each role on a team may do: one table for every service and both edges (product §10)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """The role of a team member."""

    OWNER = "owner"
    ADMIN = "admin"
    COLLABORATOR = "collaborator"
    MODERATOR = "moderator"
    SUPPORT = "support"
    ANALYST = "analyst"


class Permission(StrEnum):
    """One kind of work in a space. `enter_rooms` means watching and chatting without a pass."""

    EDIT_SPACE = "edit_space"
    MANAGE_TEAM = "manage_team"
    EDIT_EXPERIENCES = "edit_experiences"
    EDIT_PASSES = "edit_passes"
    GO_LIVE = "go_live"
    ENTER_ROOMS = "enter_rooms"
    MODERATE_CHAT = "moderate_chat"
    BAN = "ban"
    SEE_MEMBERS = "see_members"
    GIVE_ACCESS = "give_access"
    SEE_PURCHASES = "see_purchases"
    REFUND = "refund"
    SEE_NUMBERS = "see_numbers"


_EVERYTHING: Final = frozenset(Permission)
_PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.OWNER: _EVERYTHING,
    Role.ADMIN: _EVERYTHING,
    Role.COLLABORATOR: frozenset(
        {Permission.EDIT_EXPERIENCES, Permission.GO_LIVE, Permission.ENTER_ROOMS}
    ),
    Role.MODERATOR: frozenset(
        {
            Permission.ENTER_ROOMS,
            Permission.MODERATE_CHAT,
            Permission.BAN,
            Permission.SEE_MEMBERS,
        }
    ),
    Role.SUPPORT: frozenset(
        {
            Permission.ENTER_ROOMS,
            Permission.SEE_MEMBERS,
            Permission.GIVE_ACCESS,
            Permission.SEE_PURCHASES,
            Permission.REFUND,
        }
    ),
    Role.ANALYST: frozenset({Permission.SEE_NUMBERS}),
}


def may(role: str | None, permission: Permission) -> bool:
    """Return whether a role has a permission. An unknown role, or None, has no permissions."""
    return role is not None and role in _PERMISSIONS and permission in _PERMISSIONS[Role(role)]


def roles_with(permission: Permission) -> frozenset[Role]:
    """Return the roles that have a permission."""
    return frozenset(role for role, granted in _PERMISSIONS.items() if permission in granted)
