"""A grant: one person may enter one experience, because of one source."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

from services.access.domain.entry import Window

_GRANTS: Final = UUID("0b6f5a1c-6b1d-5f0e-8f1c-2f8c9d5f7a01")


class GrantReason(StrEnum):
    """What a grant rests on."""

    PURCHASE = "purchase"
    FREE = "free"
    TRIAL = "trial"
    WAITLIST = "waitlist"
    COMP = "comp"
    GIFT = "gift"


class RevocationCause(StrEnum):
    """Why a grant was revoked."""

    REFUND = "refund"
    SUSPENDED = "suspended"
    CREATOR = "creator"
    ABUSE = "abuse"
    MISTAKE = "mistake"
    LOST = "lost"
    """Checkout lost the order with the log that held it."""


BY_TEAM: Final = frozenset(
    {RevocationCause.CREATOR, RevocationCause.ABUSE, RevocationCause.MISTAKE}
)
"""The causes for which a team revokes: such a grant stays revoked."""


class GrantNotActive(Exception):
    """The grant is revoked, or it expired."""


class WindowNotOpen(Exception):
    """A window of access would close before it opens."""


class Grant(Aggregate):
    """Lets one person enter one experience during a window, as long as its source says so.

    `source_version` in its events is the version of the source that was known at that moment.
    """

    TOPIC = "access.grant"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "access.grant.created"

    class Issued(Aggregate.Created):
        """The person may enter from `valid_from` until `valid_until` (None: for ever)."""

        TOPIC = "access.grant.issued"
        source_id: UUID
        source_version: int
        person_id: UUID
        experience_id: UUID
        space_id: UUID
        reason: str
        valid_from: datetime
        valid_until: datetime | None
        at: datetime

    class Reinstated(Aggregate.Event):
        """The closed grant is open again, during this window."""

        TOPIC = "access.grant.reinstated"
        source_id: UUID
        source_version: int
        person_id: UUID
        experience_id: UUID
        space_id: UUID
        reason: str
        valid_from: datetime
        valid_until: datetime | None
        at: datetime

    class WindowMoved(Aggregate.Event):
        """The open grant has another window."""

        TOPIC = "access.grant.window_moved"
        source_id: UUID
        source_version: int
        person_id: UUID
        experience_id: UUID
        space_id: UUID
        reason: str
        valid_from: datetime
        valid_until: datetime | None
        at: datetime

    class Revoked(Aggregate.Event):
        """The grant no longer lets the person in."""

        TOPIC = "access.grant.revoked"
        source_id: UUID
        source_version: int
        person_id: UUID
        experience_id: UUID
        space_id: UUID
        cause: str
        at: datetime

    class Expired(Aggregate.Event):
        """The window of the grant has closed."""

        TOPIC = "access.grant.expired"
        source_id: UUID
        source_version: int
        person_id: UUID
        experience_id: UUID
        space_id: UUID
        at: datetime

    @event(Issued)
    def __init__(  # noqa: PLR0913 - the names of the event's fields
        self,
        *,
        source_id: UUID,
        source_version: int,
        person_id: UUID,
        experience_id: UUID,
        space_id: UUID,
        reason: str,
        valid_from: datetime,
        valid_until: datetime | None,
        at: datetime,
    ) -> None:
        self.source_id = source_id
        self.person_id = person_id
        self.experience_id = experience_id
        self.space_id = space_id
        self.reason = reason
        self.window = Window(valid_from, valid_until)
        self.revoked_for: RevocationCause | None = None
        self.expired = False

    @staticmethod
    @override
    def create_id(source_id: UUID, experience_id: UUID) -> UUID:
        """One grant per source and experience."""
        return uuid5(_GRANTS, f"{source_id}/{experience_id}")

    @property
    def is_active(self) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_for is None and not self.expired

    def revoke(self, cause: RevocationCause, source_version: int, at: datetime) -> None:
        """The team revokes the grant. Raises GrantNotActive."""
        if not self.is_active:
            raise GrantNotActive(self.id)
        self._revoked(**self._whose(source_version), cause=str(cause), at=at)

    def withdraw(self, cause: RevocationCause, source_version: int, at: datetime) -> None:
        """The source opens nothing any more, for this cause."""
        if self.revoked_for is not cause and self.revoked_for not in BY_TEAM:
            self._revoked(**self._whose(source_version), cause=str(cause), at=at)

    @event(Revoked)
    def _revoked(  # noqa: PLR0913 - the names of the event's fields
        self,
        *,
        source_id: UUID,
        source_version: int,
        person_id: UUID,
        experience_id: UUID,
        space_id: UUID,
        cause: str,
        at: datetime,
    ) -> None:
        self.revoked_for = RevocationCause(cause)

    def hold(self, window: Window, source_version: int, at: datetime) -> None:
        """The source opens the experience during this window. What the team revoked stays so."""
        if self.revoked_for in BY_TEAM:
            return
        moved = window != self.window
        given = {
            **self._whose(source_version),
            "reason": self.reason,
            "valid_from": window.since,
            "valid_until": window.until,
            "at": at,
        }
        if self.revoked_for is not None or (self.expired and moved):
            self._reinstated(**given)
        elif moved:
            self._window_moved(**given)

    @event(Reinstated)
    def _reinstated(  # noqa: PLR0913 - the names of the event's fields
        self,
        *,
        source_id: UUID,
        source_version: int,
        person_id: UUID,
        experience_id: UUID,
        space_id: UUID,
        reason: str,
        valid_from: datetime,
        valid_until: datetime | None,
        at: datetime,
    ) -> None:
        self.window = Window(valid_from, valid_until)
        self.revoked_for = None
        self.expired = False

    @event(WindowMoved)
    def _window_moved(  # noqa: PLR0913 - the names of the event's fields
        self,
        *,
        source_id: UUID,
        source_version: int,
        person_id: UUID,
        experience_id: UUID,
        space_id: UUID,
        reason: str,
        valid_from: datetime,
        valid_until: datetime | None,
        at: datetime,
    ) -> None:
        self.window = Window(valid_from, valid_until)

    def expire(self, source_version: int, at: datetime) -> None:
        """Close the window once it is over; nothing if it isn't, or if the grant is closed."""
        until = self.window.until
        if self.is_active and until is not None and until <= at:
            self._expired(**self._whose(source_version), at=at)

    @event(Expired)
    def _expired(
        self,
        *,
        source_id: UUID,
        source_version: int,
        person_id: UUID,
        experience_id: UUID,
        space_id: UUID,
        at: datetime,
    ) -> None:
        self.expired = True

    def _whose(self, source_version: int) -> dict[str, Any]:
        """The fields that each event needs for its public event."""
        return {
            "source_id": self.source_id,
            "source_version": source_version,
            "person_id": self.person_id,
            "experience_id": self.experience_id,
            "space_id": self.space_id,
        }
