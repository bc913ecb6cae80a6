"""What the service keeps beside its events: erasable rows, as the use cases see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.identity.domain import Sends, SignInCode


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A code that was asked for, as stored: nothing of the code but its hash."""

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
        """The part that judges a guess."""
        return SignInCode(self.request_id, self.asked_at, self.failures, self.used)


class CodeRows(Protocol):
    """The erasable rows of codes."""

    def lock(self, inbox: str) -> None:
        """Let nobody else send to, or guess for, this inbox until the unit of work ends."""

    def sends_since(
        self, since: datetime, inbox: str, browser_hash: bytes, network_hash: bytes
    ) -> Sends:
        """Count what was sent."""
        ...

    def add(self, row: CodeRow) -> None:
        """Keep one more; the same request once."""

    def newest(self, address: str, browser_hash: bytes) -> CodeRow | None:
        """The one that counts: each browser has its own."""
        ...

    def failures_since(self, since: datetime, browser_hash: bytes) -> int:
        """Wrong guesses of a browser, over all of its codes."""
        ...

    def note_failure(self, request_id: UUID, at: datetime) -> None:
        """One more wrong guess."""

    def note_used(self, request_id: UUID, at: datetime) -> None:
        """It opens nothing any more."""

    def note_refused(self, request_id: UUID, smtp_code: int) -> None:
        """The mail server will never take its mail."""

    def note_browser(self, address: str, browser_hash: bytes, at: datetime) -> None:
        """This browser has signed in to the address."""

    def knows_browser(self, address: str, browser_hash: bytes) -> bool:
        """Whether this browser has signed in to the address before."""
        ...

    def forget_before(self, before: datetime) -> None:
        """Erase codes asked for before then, and browsers not seen for 400 days."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """What is known of a person, erasable."""

    person_id: UUID
    address: str
    display_name: str
    locale: str


class PersonRows(Protocol):
    """The erasable rows of people; one person per address."""

    def of_address(self, address: str) -> PersonRow | None:
        """Who has this address."""
        ...

    def get(self, person_id: UUID) -> PersonRow | None:
        """Who this is."""
        ...

    def add(self, row: PersonRow, at: datetime) -> None:
        """Keep one more."""

    def change(self, person_id: UUID, display_name: str, locale: str) -> None:
        """Another name or language."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """An open session, with the hash of the token that opens it."""

    session_id: UUID
    person_id: UUID
    token_hash: bytes
    user_agent: str
    started_at: datetime


class SessionRows(Protocol):
    """The tokens of open sessions, by hash."""

    def add(self, row: SessionRow) -> None:
        """Keep one more."""

    def open_ids(self, person_id: UUID) -> list[UUID]:
        """The open sessions of a person."""
        ...

    def expired_ids(self, at: datetime) -> list[UUID]:
        """Open sessions past their idle or absolute limit, at most a thousand."""
        ...

    def remove(self, session_id: UUID) -> None:
        """Its token opens nothing any more."""

    def note_seen(self, session_id: UUID, at: datetime) -> None:
        """It was used."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The rows that no event holds."""

    codes: CodeRows
    people: PersonRows
    sessions: SessionRows
