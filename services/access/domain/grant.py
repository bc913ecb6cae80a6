"""A grant: one reason why one person may enter one experience."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

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
    """Why a grant was taken back."""

    REFUND = "refund"
    CREATOR = "creator"
    ABUSE = "abuse"
    MISTAKE = "mistake"
    LOST = "lost"
    """The order on which it rested was lost with the log that held it."""


class GrantNotActive(Exception):
    """The grant was revoked or has run out already."""


class WindowNotOpen(Exception):
    """A window of access would close before it opens."""


class Grant(Aggregate):
    """One reason why one person may enter one experience during a window."""

    TOPIC = "access.grant"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "access.grant.created"

    class Issued(Aggregate.Created):
        """The person may enter from `valid_from` until `valid_until` (None: for ever)."""

        TOPIC = "access.grant.issued"
        source_id: UUID
        person_id: UUID
        experience_id: UUID
        space_id: UUID
        reason: str
        valid_from: datetime
        valid_until: datetime | None
        at: datetime

    class Revoked(Aggregate.Event):
        """The grant was taken back."""

        TOPIC = "access.grant.revoked"
        source_id: UUID
        person_id: UUID
        experience_id: UUID
        space_id: UUID
        cause: str
        at: datetime

    class Expired(Aggregate.Event):
        """The window of the grant has closed."""

        TOPIC = "access.grant.expired"
        source_id: UUID
        person_id: UUID
        experience_id: UUID
        space_id: UUID
        at: datetime

    @event(Issued)
    def __init__(  # noqa: PLR0913 - the names of the event's fields
        self,
        *,
        source_id: UUID,
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
        self.valid_from = valid_from
        self.valid_until = valid_until
        self.is_active = True
        self.revoked_for: RevocationCause | None = None

    @staticmethod
    @override
    def create_id(source_id: UUID, experience_id: UUID) -> UUID:
        """One source yields one grant for each experience, however often we are told."""
        return uuid5(_GRANTS, f"{source_id}/{experience_id}")

    def revoke(self, cause: RevocationCause, at: datetime) -> None:
        """Take the grant back. Raises GrantNotActive."""
        if not self.is_active:
            raise GrantNotActive(self.id)
        self._revoked(**self._whose(), cause=str(cause), at=at)

    @event(Revoked)
    def _revoked(
        self,
        source_id: UUID,
        person_id: UUID,
        experience_id: UUID,
        space_id: UUID,
        cause: str,
        at: datetime,
    ) -> None:
        self.is_active = False
        self.revoked_for = RevocationCause(cause)

    def expire(self, at: datetime) -> None:
        """Close the window once it is over. Raises GrantNotActive."""
        if not self.is_active or self.valid_until is None or at < self.valid_until:
            raise GrantNotActive(self.id)
        self._expired(**self._whose(), at=at)

    @event(Expired)
    def _expired(
        self,
        source_id: UUID,
        person_id: UUID,
        experience_id: UUID,
        space_id: UUID,
        at: datetime,
    ) -> None:
        self.is_active = False

    def _whose(self) -> dict[str, UUID]:
        """What every announcement about the grant says, so that it follows from its event alone."""
        return {
            "source_id": self.source_id,
            "person_id": self.person_id,
            "experience_id": self.experience_id,
            "space_id": self.space_id,
        }
