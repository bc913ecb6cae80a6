"""Reads of the streaming service's tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from libs.permissions import Permission, roles_with
from libs.runtime.views.view import ViewCursor
from services.streaming.application import StreamNotFound


class ExperienceNotFound(Exception):
    """No experience has this id."""


class NotOnTeam(Exception):
    """Only the team of the space may do this."""


class RoleNotAllowed(Exception):
    """The person's role in the space does not allow going live."""


class NoAccess(Exception):
    """No grant covers this person and experience now, or the space has banned them."""


class NotALiveExperience(Exception):
    """The experience is a chat without video."""


@dataclass(frozen=True, slots=True)
class Experience:
    """An experience that can be on air."""

    experience_id: UUID
    space_id: UUID
    kind: str


@dataclass(frozen=True, slots=True)
class StreamSeen:
    """A stream as people see it; `recording` is `requested` or `off`."""

    stream_id: UUID
    experience_id: UUID
    space_id: UUID
    state: str
    recording: str
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    cause: str | None

    @property
    def is_over(self) -> bool:
        return self.state == "ended"


_HOSTS: Final = sorted(roles_with(Permission.GO_LIVE))
_GUESTS: Final = sorted(roles_with(Permission.ENTER_ROOMS))
_MAY_ENTER: Final = """
    (
        SELECT person_id FROM door_list
        WHERE experience_id = %(experience_id)s AND person_id = ANY(%(people)s) AND NOT closed
          AND valid_from <= %(now)s AND (valid_until IS NULL OR valid_until > %(now)s)
        UNION
        SELECT t.person_id FROM team_list t JOIN experience_list e USING (space_id)
        WHERE e.experience_id = %(experience_id)s AND t.person_id = ANY(%(people)s)
          AND t.role = ANY(%(roles)s)
    )
    EXCEPT
    SELECT b.person_id FROM ban_list b JOIN experience_list e USING (space_id)
    WHERE e.experience_id = %(experience_id)s AND b.person_id = ANY(%(people)s) AND b.banned
"""


def get_experience(curs: ViewCursor, experience_id: UUID) -> Experience:
    """Return one experience. Raises ExperienceNotFound."""
    row = curs.execute(
        "SELECT * FROM experience_list WHERE experience_id = %s", (experience_id,)
    ).fetchone()
    if row is None:
        raise ExperienceNotFound(experience_id)
    return Experience(**row)


def get_stream(curs: ViewCursor, stream_id: UUID) -> StreamSeen:
    """Return one stream. Raises StreamNotFound."""
    row = curs.execute("SELECT * FROM stream_list WHERE stream_id = %s", (stream_id,)).fetchone()
    if row is None:
        raise StreamNotFound(stream_id)
    return _stream(row)


def find_newest_stream(curs: ViewCursor, experience_id: UUID) -> StreamSeen | None:
    """Return the latest stream of an experience, live or ended; None before the first."""
    row = curs.execute(
        "SELECT * FROM stream_list WHERE experience_id = %s ORDER BY requested_at DESC LIMIT 1",
        (experience_id,),
    ).fetchone()
    return None if row is None else _stream(row)


def list_on_air(curs: ViewCursor, space_id: UUID) -> list[StreamSeen]:
    """Return the streams of a space that have not ended."""
    rows = curs.execute(
        "SELECT * FROM stream_list WHERE space_id = %s AND state <> 'ended'", (space_id,)
    )
    return [_stream(row) for row in rows]


def list_hosts_of(curs: ViewCursor, space_id: UUID, people: Iterable[UUID]) -> set[UUID]:
    """Return those of the people who may go live in the space and are not banned."""
    rows = curs.execute(
        "SELECT person_id FROM team_list t"
        " WHERE space_id = %s AND person_id = ANY(%s) AND role = ANY(%s)"
        " AND NOT EXISTS (SELECT 1 FROM ban_list b WHERE b.space_id = t.space_id"
        " AND b.person_id = t.person_id AND b.banned)",
        (space_id, list(people), _HOSTS),
    )
    return {row["person_id"] for row in rows}


def require_host(curs: ViewCursor, space_id: UUID, person_id: UUID) -> None:
    """Require a person who may go live.

    Raises NotOnTeam, RoleNotAllowed; NoAccess for a banned host.
    """
    if list_hosts_of(curs, space_id, [person_id]):
        return
    row = curs.execute(
        "SELECT role FROM team_list WHERE space_id = %s AND person_id = %s",
        (space_id, person_id),
    ).fetchone()
    if row is None or row["role"] is None:
        raise NotOnTeam(space_id)
    if row["role"] in _HOSTS:
        raise NoAccess(space_id)
    raise RoleNotAllowed(row["role"])


def list_who_may_enter(
    curs: ViewCursor, experience_id: UUID, people: Iterable[UUID], now: datetime
) -> set[UUID]:
    """Return who may be in the room now: by a grant or a team role, and without a ban."""
    rows = curs.execute(
        _MAY_ENTER,
        {"experience_id": experience_id, "people": list(people), "now": now, "roles": _GUESTS},
        prepare=True,
    )
    return {row["person_id"] for row in rows}


def require_access(curs: ViewCursor, experience_id: UUID, person_id: UUID, now: datetime) -> None:
    """Require a person who may enter now. Raises NoAccess."""
    if person_id not in list_who_may_enter(curs, experience_id, [person_id], now):
        raise NoAccess(experience_id)


def get_webhook(curs: ViewCursor, event_id: str) -> str:
    """Return the body of a webhook as it arrived. Raises LookupError."""
    row = curs.execute("SELECT body FROM webhook_inbox WHERE event_id = %s", (event_id,)).fetchone()
    if row is None:
        raise LookupError(f"no webhook {event_id}")
    return str(row["body"])


def _stream(row: dict[str, Any]) -> StreamSeen:
    return StreamSeen(**row)
