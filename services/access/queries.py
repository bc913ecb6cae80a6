"""Reads of the access service's tables, as small frozen models."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from libs.permissions import Permission, may
from libs.runtime.views.view import Row, ViewCursor
from services.access.application import GrantNotFound
from services.access.domain import EntryRule, Window, decide_entry


class ExperienceNotFound(Exception):
    """The catalog has announced no such experience."""


class SpaceNotFound(Exception):
    """The catalog has announced no such space."""


class NotOnTeam(Exception):
    """The person does not work in the space."""


class OnTeam(Exception):
    """The person works in the space."""


class RoleNotAllowed(Exception):
    """The person works in the space, in a role that may not do this."""


class Banned(Exception):
    """The space has banned the person, from its team's work as well."""


class ExperiencesOfSeveralSpaces(Exception):
    """The experiences of one comp belong to several spaces."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class OwnGrant(_Frozen):
    """One grant as its holder sees it; `valid_until` is the first instant without access."""

    grant_id: UUID
    experience_id: UUID
    space_id: UUID
    reason: str
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None


class Entry(_Frozen):
    """Whether a person may enter, and the rule that decided."""

    allowed: bool
    because: EntryRule


class MemberGrant(_Frozen):
    """One grant as the team sees it."""

    grant_id: UUID
    experience_id: UUID
    reason: str
    source_id: UUID
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None
    status: Literal["active", "not_yet", "expired", "revoked"]


class Member(_Frozen):
    """A person who has or had a grant in a space; `reason` is that of the newest active grant."""

    person_id: UUID
    experience_ids: tuple[UUID, ...]
    since: AwareDatetime
    reason: str
    source_id: UUID
    status: Literal["active", "not_yet", "expired", "revoked", "banned"]
    grants: tuple[MemberGrant, ...]


def get_entry(curs: ViewCursor, person_id: UUID, experience_id: UUID, at: datetime) -> Entry:
    """Decide by one indexed read and the rule of the domain."""
    rows = curs.execute(
        """
        SELECT valid_from, valid_until, revoked_at, EXISTS (
            SELECT 1 FROM ban_list b
            WHERE b.person_id = g.person_id AND b.space_id = g.space_id
        ) AS banned
        FROM grant_list g WHERE person_id = %s AND experience_id = %s
        """,
        (person_id, experience_id),
        prepare=True,
    ).fetchall()
    banned = any(row["banned"] for row in rows)
    because = decide_entry(map(_window, rows), banned=banned, at=at)
    return Entry(allowed=because is EntryRule.GRANT, because=because)


def list_grants_of(curs: ViewCursor, person_id: UUID, at: datetime) -> list[OwnGrant]:
    """Return the grants that let the person in at that time; none of spaces that banned them."""
    rows = curs.execute(
        """
        SELECT grant_id, experience_id, space_id, reason, valid_from, valid_until
        FROM grant_list g
        WHERE person_id = %(person)s AND revoked_at IS NULL AND valid_from <= %(at)s
          AND (valid_until IS NULL OR valid_until > %(at)s)
          AND NOT EXISTS (SELECT 1 FROM ban_list b
                          WHERE b.person_id = g.person_id AND b.space_id = g.space_id)
        ORDER BY valid_from, grant_id
        """,
        {"person": person_id, "at": at},
        prepare=True,
    )
    return [OwnGrant(**row) for row in rows]


def get_space_of_grant(curs: ViewCursor, grant_id: UUID) -> UUID:
    """Return the space of a grant. Raises GrantNotFound."""
    row = curs.execute(
        "SELECT space_id FROM grant_list WHERE grant_id = %s", (grant_id,)
    ).fetchone()
    if row is None:
        raise GrantNotFound(grant_id)
    return UUID(str(row["space_id"]))


def list_grant_ids(curs: ViewCursor, person_id: UUID, experience_id: UUID) -> list[UUID]:
    """Return every grant that the person ever had for the experience."""
    rows = curs.execute(
        "SELECT grant_id FROM grant_list WHERE person_id = %s AND experience_id = %s"
        " ORDER BY valid_from, grant_id",
        (person_id, experience_id),
    )
    return [row["grant_id"] for row in rows]


def list_members(
    curs: ViewCursor, space_id: UUID, at: datetime, *, limit: int, offset: int
) -> list[Member]:
    """Return who has or had access to something in the space, the newest first."""
    rows = curs.execute(
        """
        SELECT m.person_id, m.since, m.banned, g.grant_id, g.experience_id, g.reason, g.source_id,
               g.valid_from, g.valid_until, g.revoked_at
        FROM (
            SELECT person_id, min(valid_from) AS since, EXISTS (
                SELECT 1 FROM ban_list b
                WHERE b.person_id = grant_list.person_id AND b.space_id = %(space)s
            ) AS banned
            FROM grant_list WHERE space_id = %(space)s GROUP BY person_id
            ORDER BY since DESC, person_id LIMIT %(limit)s OFFSET %(offset)s
        ) m JOIN grant_list g ON g.space_id = %(space)s AND g.person_id = m.person_id
        ORDER BY m.since DESC, m.person_id, g.valid_from DESC, g.grant_id
        """,
        {"space": space_id, "limit": limit, "offset": offset},
    ).fetchall()
    by_person: dict[UUID, list[Row]] = {}
    for row in rows:
        by_person.setdefault(row["person_id"], []).append(row)
    return [_member(person_id, of, at) for person_id, of in by_person.items()]


def get_space_of_experiences(curs: ViewCursor, experience_ids: Sequence[UUID]) -> UUID:
    """Return their one space. Raises ExperienceNotFound, ExperiencesOfSeveralSpaces."""
    rows = curs.execute(
        "SELECT experience_id, space_id FROM experience_list WHERE experience_id = ANY(%s)",
        (list(experience_ids),),
    ).fetchall()
    spaces = {row["space_id"] for row in rows}
    if not spaces or {row["experience_id"] for row in rows} != set(experience_ids):
        raise ExperienceNotFound(experience_ids)
    if len(spaces) > 1:
        raise ExperiencesOfSeveralSpaces(experience_ids)
    (space_id,) = spaces
    return UUID(str(space_id))


def require(curs: ViewCursor, space_id: UUID, person_id: UUID, permission: Permission) -> None:
    """Raises SpaceNotFound, NotOnTeam, Banned, RoleNotAllowed."""
    team = curs.execute(
        "SELECT person_id, role FROM team_list WHERE space_id = %s", (space_id,), prepare=True
    ).fetchall()
    if not team:
        raise SpaceNotFound(space_id)
    role = next((row["role"] for row in team if row["person_id"] == person_id), None)
    if role is None:
        raise NotOnTeam(person_id)
    refuse_banned(curs, space_id, person_id)
    if not may(role, permission):
        raise RoleNotAllowed(role)


def refuse_banned(curs: ViewCursor, space_id: UUID, person_id: UUID) -> None:
    """Raises Banned if the space has banned the person."""
    row = curs.execute(
        "SELECT 1 FROM ban_list WHERE space_id = %s AND person_id = %s",
        (space_id, person_id),
        prepare=True,
    ).fetchone()
    if row is not None:
        raise Banned(person_id)


def refuse_on_team(curs: ViewCursor, space_id: UUID, person_id: UUID) -> None:
    """Raises OnTeam for someone who works in the space, in any role."""
    row = curs.execute(
        "SELECT 1 FROM team_list WHERE space_id = %s AND person_id = %s AND role IS NOT NULL",
        (space_id, person_id),
    ).fetchone()
    if row is not None:
        raise OnTeam(person_id)


def _member(person_id: UUID, rows: Sequence[Row], at: datetime) -> Member:
    grants = tuple(_member_grant(row, at) for row in rows)
    newest_active = next((g for g in grants if g.status == "active"), grants[0])
    open_now = {g.experience_id for g in grants if g.status == "active"}
    return Member(
        person_id=person_id,
        experience_ids=tuple(sorted(open_now or {g.experience_id for g in grants})),
        since=rows[0]["since"],
        reason=newest_active.reason,
        source_id=newest_active.source_id,
        status="banned" if rows[0]["banned"] else newest_active.status,
        grants=grants,
    )


def _member_grant(row: Row, at: datetime) -> MemberGrant:
    return MemberGrant(
        grant_id=row["grant_id"],
        experience_id=row["experience_id"],
        reason=row["reason"],
        source_id=row["source_id"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        status=_STATUS[_window(row).rule_at(at)],
    )


_STATUS: Final[dict[EntryRule, Literal["active", "not_yet", "expired", "revoked"]]] = {
    EntryRule.GRANT: "active",
    EntryRule.NOT_YET: "not_yet",
    EntryRule.EXPIRED: "expired",
    EntryRule.REVOKED: "revoked",
}


def _window(row: Row) -> Window:
    return Window(row["valid_from"], row["valid_until"], row["revoked_at"])
