"""Whether anything in a space is open to a person, and if not, why."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from libs.runtime.views.view import Row, ViewCursor
from services.access.domain import BY_TEAM, EntryRule, RevocationCause, Window, decide_entry


class AdmissionState(StrEnum):
    """`open` if anything in the space is open to the person, else the reason why nothing is."""

    OPEN = "open"
    BANNED = "banned"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    REMOVED = "removed"
    REFUNDED = "refunded"
    NONE = "none"


_STATES: Final = {
    EntryRule.GRANT: AdmissionState.OPEN,
    EntryRule.NOT_YET: AdmissionState.NOT_YET,
    EntryRule.EXPIRED: AdmissionState.EXPIRED,
    EntryRule.NO_GRANT: AdmissionState.NONE,
}


class Admission(BaseModel):
    """What a person may do in a space.

    `removed_source_ids` are the memberships and comps whose every grant the team revoked.
    """

    model_config = ConfigDict(frozen=True)
    state: AdmissionState
    removed_source_ids: tuple[UUID, ...]


def get_admission(curs: ViewCursor, person_id: UUID, space_id: UUID, at: datetime) -> Admission:
    """Return whether anything in the space is open to the person, and if not, why."""
    given = (person_id, space_id)
    rows = curs.execute(
        "SELECT source_id, valid_from, valid_until, revoked_at, revoked_for FROM grant_list"
        " WHERE person_id = %s AND space_id = %s",
        given,
        prepare=True,
    ).fetchall()
    ban = curs.execute(
        "SELECT 1 FROM ban_list WHERE person_id = %s AND space_id = %s", given, prepare=True
    ).fetchone()
    kept = {row["source_id"] for row in rows if row["revoked_for"] not in BY_TEAM}
    removed = {row["source_id"] for row in rows} - kept
    return Admission(
        state=AdmissionState.BANNED if ban else _state(rows, at),
        removed_source_ids=tuple(sorted(removed)),
    )


def _state(rows: Sequence[Row], at: datetime) -> AdmissionState:
    windows = (Window(row["valid_from"], row["valid_until"], row["revoked_at"]) for row in rows)
    deciding = decide_entry(windows, banned=False, at=at)
    if deciding in _STATES:
        return _STATES[deciding]
    last = max((row for row in rows if row["revoked_at"]), key=lambda row: row["revoked_at"])
    if last["revoked_for"] == RevocationCause.SUSPENDED:
        return AdmissionState.NONE
    by_team = last["revoked_for"] in BY_TEAM
    return AdmissionState.REMOVED if by_team else AdmissionState.REFUNDED
