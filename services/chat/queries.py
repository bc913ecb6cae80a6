"""Reads of the chat service's tables."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from libs.runtime.views.view import ViewCursor


class ExperienceNotFound(Exception):
    """No experience has this id."""


class NoAccess(Exception):
    """Nothing lets the person into this channel."""


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a channel: the role that is wanted and the one that the provider confirmed.

    A role is None for a person who is out.
    """

    member_id: UUID
    person_id: UUID
    experience_id: UUID
    request: int
    wanted_role: str | None
    confirmed_role: str | None

    @property
    def is_confirmed(self) -> bool:
        """Whether the provider has the person in the channel."""
        return self.confirmed_role is not None


def get_member(curs: ViewCursor, member_id: UUID) -> Member:
    """Return one member. Raises LookupError."""
    row = curs.execute(
        "SELECT * FROM channel_member_list WHERE member_id = %s", (member_id,), prepare=True
    ).fetchone()
    if row is None:
        raise LookupError(f"no channel member {member_id}")
    return _member(row)


def get_member_of(curs: ViewCursor, person_id: UUID, experience_id: UUID) -> Member:
    """Return a person who is wanted in the channel. Raises ExperienceNotFound, NoAccess."""
    row = curs.execute(
        "SELECT * FROM channel_member_list WHERE person_id = %s AND experience_id = %s",
        (person_id, experience_id),
    ).fetchone()
    if row is not None and row["wanted_role"] is not None:
        return _member(row)
    if find_channel_name(curs, experience_id) is None:
        raise ExperienceNotFound(experience_id)
    raise NoAccess(experience_id)


def list_members(curs: ViewCursor, experience_id: UUID) -> list[Member]:
    """Return everybody who is, was or will be in a channel."""
    rows = curs.execute(
        "SELECT * FROM channel_member_list WHERE experience_id = %s", (experience_id,)
    )
    return [_member(row) for row in rows]


def list_open_channels(curs: ViewCursor) -> list[UUID]:
    """Return the experiences whose channel the provider has confirmed."""
    rows = curs.execute("SELECT experience_id FROM channel_list WHERE open ORDER BY experience_id")
    return [row["experience_id"] for row in rows]


def find_channel_name(curs: ViewCursor, experience_id: UUID) -> str | None:
    """Return the name of the experience; None before the catalog announced it."""
    row = curs.execute(
        "SELECT name FROM channel_list WHERE experience_id = %s", (experience_id,)
    ).fetchone()
    return None if row is None else str(row["name"])


def _member(row: dict[str, Any]) -> Member:
    return Member(**row)
