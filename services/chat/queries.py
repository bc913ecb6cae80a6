"""Reads of the chat service's tables."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from libs.runtime.views.view import ViewCursor


class ExperienceNotFound(Exception):
    """No experience has this id."""


class NoAccess(Exception):
    """Nothing gives the person a seat there."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A person's seat: what is wanted and what the provider confirmed; roles, None for out."""

    membership_id: UUID
    person_id: UUID
    experience_id: UUID
    request: int
    wish: str | None
    seated_as: str | None

    @property
    def is_confirmed(self) -> bool:
        """Whether the provider has the person in the channel."""
        return self.seated_as is not None


def get_seat(curs: ViewCursor, membership_id: UUID) -> Seat:
    """One seat by its membership. Raises LookupError."""
    row = curs.execute(
        "SELECT * FROM seat_list WHERE membership_id = %s", (membership_id,), prepare=True
    ).fetchone()
    if row is None:
        raise LookupError(f"no seat of membership {membership_id}")
    return _seat(row)


def get_seat_of(curs: ViewCursor, person_id: UUID, experience_id: UUID) -> Seat:
    """The seat that a person has or is getting. Raises ExperienceNotFound, NoAccess."""
    row = curs.execute(
        "SELECT * FROM seat_list WHERE person_id = %s AND experience_id = %s",
        (person_id, experience_id),
    ).fetchone()
    if row is not None and row["wish"] is not None:
        return _seat(row)
    if find_channel_name(curs, experience_id) is None:
        raise ExperienceNotFound(experience_id)
    raise NoAccess(experience_id)


def list_seats(curs: ViewCursor, experience_id: UUID) -> list[Seat]:
    """Every seat of a channel, those that were left too."""
    rows = curs.execute("SELECT * FROM seat_list WHERE experience_id = %s", (experience_id,))
    return [_seat(row) for row in rows]


def list_open_channels(curs: ViewCursor) -> list[UUID]:
    """The experiences whose channel the provider has confirmed."""
    rows = curs.execute("SELECT experience_id FROM channel_list WHERE open ORDER BY experience_id")
    return [row["experience_id"] for row in rows]


def find_channel_name(curs: ViewCursor, experience_id: UUID) -> str | None:
    """The name under which the catalog announced the experience, None before it did."""
    row = curs.execute(
        "SELECT name FROM channel_list WHERE experience_id = %s", (experience_id,)
    ).fetchone()
    return None if row is None else str(row["name"])


def _seat(row: dict[str, Any]) -> Seat:
    return Seat(**row)
