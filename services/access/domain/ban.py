"""A ban: a space keeps a person out, whatever grants they have."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

_BANS: Final = UUID("0b6f5a1c-6b1d-5f0e-8f1c-2f8c9d5f7a03")


class BanReason(StrEnum):
    """Why a space bans a person. The team's own words are never stored."""

    SPAM = "spam"
    HARASSMENT = "harassment"
    FRAUD = "fraud"
    SHARED_ACCESS = "shared_access"
    OTHER = "other"


class AlreadyBanned(Exception):
    """The space has banned this person already."""


class NotBanned(Exception):
    """The space has not banned this person."""


class Ban(Aggregate):
    """One space and one person: whether the space keeps the person out."""

    TOPIC = "access.ban"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "access.ban.created"

    class Opened(Aggregate.Created):
        """The space banned the person for the first time."""

        TOPIC = "access.ban.opened"
        space_id: UUID
        person_id: UUID

    class Banned(Aggregate.Event):
        """The space keeps the person out."""

        TOPIC = "access.ban.banned"
        space_id: UUID
        person_id: UUID
        reason_code: str
        at: datetime

    class Lifted(Aggregate.Event):
        """The space no longer keeps the person out."""

        TOPIC = "access.ban.lifted"
        space_id: UUID
        person_id: UUID
        at: datetime

    @event(Opened)
    def __init__(self, space_id: UUID, person_id: UUID) -> None:
        self.space_id = space_id
        self.person_id = person_id
        self.is_imposed = False

    @staticmethod
    @override
    def create_id(space_id: UUID, person_id: UUID) -> UUID:
        """One per space and person."""
        return uuid5(_BANS, f"{space_id}/{person_id}")

    def impose(self, reason: BanReason, at: datetime) -> None:
        """Keep the person out. Raises AlreadyBanned."""
        if self.is_imposed:
            raise AlreadyBanned(self.person_id)
        self._banned(
            space_id=self.space_id, person_id=self.person_id, reason_code=str(reason), at=at
        )

    @event(Banned)
    def _banned(self, space_id: UUID, person_id: UUID, reason_code: str, at: datetime) -> None:
        self.is_imposed = True

    def lift(self, at: datetime) -> None:
        """Lift the ban. Raises NotBanned."""
        if not self.is_imposed:
            raise NotBanned(self.person_id)
        self._lifted(space_id=self.space_id, person_id=self.person_id, at=at)

    @event(Lifted)
    def _lifted(self, space_id: UUID, person_id: UUID, at: datetime) -> None:
        self.is_imposed = False
