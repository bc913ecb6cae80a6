"""Erasable rows beside the events, as the use cases see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.identity.domain import Sends, SignInCode


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A requested code, as stored: only the hash of the code."""

    request_id: UUID
    address: str
    inbox: str
    browser_hash: bytes
    network_hash: bytes
    code_hash: bytes
    locale: str
    asked_at: datetime
    failures: int = 0
    used: bool = False

    def to_code(self) -> SignInCode:
        """Return the part that judges a guess."""
        return SignInCode(self.request_id, self.asked_at, self.failures, self.used)


class CodeRows(Protocol):
    """The erasable rows of codes."""

    def lock(self, inbox: str) -> None:
        """Lock the inbox: nobody else may send to it or guess for it until the unit of work
        ends."""

    def sends_since(
        self, since: datetime, inbox: str, browser_hash: bytes, network_hash: bytes
    ) -> Sends:
        """Count what was sent."""
        ...

    def add(self, row: CodeRow) -> None:
        """Store a code; a repeated request stores it once."""

    def newest(self, address: str, browser_hash: bytes) -> CodeRow | None:
        """Return the browser's newest code, the only valid one."""
        ...

    def failures_since(self, since: datetime, browser_hash: bytes) -> int:
        """Return the wrong guesses of a browser over all of its codes."""
        ...

    def note_failure(self, request_id: UUID, at: datetime) -> None:
        """Count one more wrong guess."""

    def note_used(self, request_id: UUID, at: datetime) -> None:
        """Invalidate a code."""

    def note_refused(self, request_id: UUID, smtp_code: int) -> None:
        """Record that the mail server will never take its mail."""

    def note_browser(self, address: str, browser_hash: bytes, at: datetime) -> None:
        """Record that this browser has signed in to the address."""

    def knows_browser(self, address: str, browser_hash: bytes) -> bool:
        """Return whether this browser has signed in to the address before."""
        ...

    def forget_before(self, before: datetime) -> None:
        """Erase codes requested before then, and browsers not seen for 400 days."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person's erasable data."""

    person_id: UUID
    address: str
    display_name: str
    locale: str


class PersonRows(Protocol):
    """The erasable rows of people; one person per address."""

    def of_address(self, address: str) -> PersonRow | None:
        """Return who has this address."""
        ...

    def get(self, person_id: UUID) -> PersonRow | None:
        """Return the person with this id."""
        ...

    def add(self, row: PersonRow, at: datetime) -> None:
        """Store a new person."""

    def change(self, person_id: UUID, display_name: str, locale: str) -> None:
        """Change name or language."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """An open session, with the hash of its token."""

    session_id: UUID
    person_id: UUID
    token_hash: bytes
    user_agent: str
    started_at: datetime


class SessionRows(Protocol):
    """The tokens of open sessions, by hash."""

    def add(self, row: SessionRow) -> None:
        """Store a new session."""

    def open_ids(self, person_id: UUID) -> list[UUID]:
        """Return the open sessions of a person."""
        ...

    def expired_ids(self, at: datetime) -> list[UUID]:
        """Return open sessions past their idle or absolute limit, at most a thousand."""
        ...

    def remove(self, session_id: UUID) -> None:
        """Delete a session, so that its token is invalid."""

    def note_seen(self, session_id: UUID, at: datetime) -> None:
        """Record that a session was used."""


@dataclass(frozen=True, slots=True)
class Tables:
    """All rows that no event holds."""

    codes: CodeRows
    people: PersonRows
    sessions: SessionRows
