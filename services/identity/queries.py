"""Reads of the identity service, as small frozen models."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow
from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.identity.domain import OpenSession, PersonNotFound

SEEN_EVERY: Final = timedelta(hours=1)


class NoSession(Exception):
    """No open session has this token."""


class CurrentSession(BaseModel):
    """The person who is signed in. After `fresh_until` sensitive actions need a fresh code."""

    model_config = ConfigDict(frozen=True)
    session_id: UUID
    person_id: UUID
    display_name: str
    email: str
    locale: str
    fresh_until: AwareDatetime
    last_seen_at: AwareDatetime

    def was_last_seen_long_before(self, at: datetime) -> bool:
        """At least an hour: often enough for a limit of 30 days, and rare enough to write."""
        return at - self.last_seen_at >= SEEN_EVERY


class SessionListItem(BaseModel):
    """One row of a person's list of sessions."""

    model_config = ConfigDict(frozen=True)
    session_id: UUID
    user_agent: str
    started_at: AwareDatetime
    last_seen_at: AwareDatetime
    is_current: bool


class Profile(BaseModel):
    """What a person sees and changes of themselves."""

    model_config = ConfigDict(frozen=True)
    person_id: UUID
    email: str
    display_name: str
    locale: str


class CodeToMail(BaseModel):
    """What the mail of a code needs; the code itself is derived when it is written."""

    model_config = ConfigDict(frozen=True)
    request_id: UUID
    address: str
    locale: str
    asked_at: AwareDatetime
    is_newest: bool
    is_used: bool


def get_current_session(curs: Cursor[DictRow], token_hash: bytes, at: datetime) -> CurrentSession:
    """Return whom a token stands for. Raises NoSession."""
    row = curs.execute(
        """
        SELECT s.session_id, s.person_id, s.started_at, s.last_seen_at,
               p.display_name, p.address, p.locale
        FROM sessions s JOIN people p USING (person_id) WHERE s.token_hash = %s
        """,
        (token_hash,),
        prepare=True,
    ).fetchone()
    if row is None:
        raise NoSession
    session = _open_session(row)
    if not session.is_valid(at):
        raise NoSession
    return CurrentSession(
        session_id=session.session_id,
        person_id=session.person_id,
        display_name=row["display_name"],
        email=row["address"],
        locale=row["locale"],
        fresh_until=session.fresh_until,
        last_seen_at=session.last_seen_at,
    )


def list_sessions_of(
    curs: Cursor[DictRow], person_id: UUID, current: str, at: datetime
) -> list[SessionListItem]:
    """Return the open sessions of a person, the last seen first."""
    rows = curs.execute(
        "SELECT * FROM sessions WHERE person_id = %s ORDER BY last_seen_at DESC", (person_id,)
    )
    return [
        SessionListItem(
            session_id=row["session_id"],
            user_agent=row["user_agent"],
            started_at=row["started_at"],
            last_seen_at=row["last_seen_at"],
            is_current=str(row["session_id"]) == current,
        )
        for row in rows
        if _open_session(row).is_valid(at)
    ]


def get_profile(curs: Cursor[DictRow], person_id: UUID) -> Profile:
    """Return a person's own profile. Raises PersonNotFound."""
    row = curs.execute("SELECT * FROM people WHERE person_id = %s", (person_id,)).fetchone()
    if row is None:
        raise PersonNotFound(person_id)
    return _profile(row)


def count_people(curs: Cursor[DictRow]) -> int:
    row = curs.execute("SELECT count(*) AS number FROM people").fetchone()
    return 0 if row is None else int(row["number"])


def list_profiles_after(curs: Cursor[DictRow], person_id: UUID, limit: int) -> list[Profile]:
    """Return the next people by id, for the refill of the contact bucket."""
    rows = curs.execute(
        "SELECT * FROM people WHERE person_id > %s ORDER BY person_id LIMIT %s",
        (person_id, limit),
    )
    return [_profile(row) for row in rows]


def get_code_to_mail(curs: Cursor[DictRow], request_id: UUID) -> CodeToMail | None:
    """Return what the mail of a code needs, or None once the code was erased."""
    row = curs.execute(
        """
        SELECT c.*, NOT EXISTS (SELECT 1 FROM sign_in_codes later
                                WHERE later.address = c.address
                                  AND later.browser_hash = c.browser_hash
                                  AND later.number > c.number)
                    AS is_newest
        FROM sign_in_codes c WHERE c.request_id = %s
        """,
        (request_id,),
    ).fetchone()
    if row is None:
        return None
    return CodeToMail(
        request_id=row["request_id"],
        address=row["address"],
        locale=row["locale"],
        asked_at=row["asked_at"],
        is_newest=row["is_newest"],
        is_used=row["used_at"] is not None,
    )


def _profile(row: DictRow) -> Profile:
    return Profile(
        person_id=row["person_id"],
        email=row["address"],
        display_name=row["display_name"],
        locale=row["locale"],
    )


def _open_session(row: DictRow) -> OpenSession:
    return OpenSession(row["session_id"], row["person_id"], row["started_at"], row["last_seen_at"])
