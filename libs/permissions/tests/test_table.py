"""The table of product §10, read row by row."""

import pytest

from libs.permissions import Permission, Role, may, roles_with

P = Permission
ROWS = {
    Role.OWNER: set(P),
    Role.ADMIN: set(P),
    Role.COLLABORATOR: {P.EDIT_EXPERIENCES, P.GO_LIVE, P.ENTER_ROOMS},
    Role.MODERATOR: {P.MODERATE_CHAT, P.BAN, P.SEE_MEMBERS, P.ENTER_ROOMS},
    Role.SUPPORT: {P.SEE_MEMBERS, P.GIVE_ACCESS, P.SEE_PURCHASES, P.REFUND, P.ENTER_ROOMS},
    Role.ANALYST: {P.SEE_NUMBERS},
}


@pytest.mark.parametrize("role", Role)
def test_each_role_has_exactly_the_permissions_of_the_product(role: Role) -> None:
    assert {permission for permission in P if may(role, permission)} == ROWS[role]


@pytest.mark.parametrize("role", [None, "", "guest", "OWNER"])
def test_missing_or_unknown_role_has_no_permission(role: str | None) -> None:
    assert not any(may(role, permission) for permission in P)


def test_roles_with_a_permission_match_permissions_of_a_role() -> None:
    for permission in P:
        assert roles_with(permission) == {role for role in Role if may(role, permission)}
