"""A source: the order or comp on which grants rest."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

from services.access.domain.grant import RevocationCause

_SOURCES: Final = UUID("0b6f5a1c-6b1d-5f0e-8f1c-2f8c9d5f7a02")


class Source(Aggregate):
    """What grants rest on: an order or a comp, whatever is heard of it first.

    A refund may be heard before its purchase: the withdrawal is remembered here, and a grant that
    is issued on a withdrawn source is revoked at once. A refund may fail, and be made again: of
    withdrawals and restorations the one with the later version of the order holds.
    """

    TOPIC = "access.source"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "access.source.created"

    class Opened(Aggregate.Created):
        """We heard of the source, with the grants that rest on it so far."""

        TOPIC = "access.source.opened"
        source_id: UUID
        grant_ids: list[UUID]

    class Backed(Aggregate.Event):
        """These grants rest on the source too."""

        TOPIC = "access.source.backed"
        grant_ids: list[UUID]

    class Withdrawn(Aggregate.Event):
        """Nothing can rest on the source any more."""

        TOPIC = "access.source.withdrawn"
        class_version = 2
        cause: str
        at: datetime
        version: int

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            """Before a refund could fail, it did not matter when it was made."""
            state["version"] = 0

    class Restored(Aggregate.Event):
        """The refund for which it was withdrawn did not arrive."""

        TOPIC = "access.source.restored"
        at: datetime
        version: int

    class Lost(Aggregate.Event):
        """Its service does not know it any more: nothing rests on it unless it is bought again."""

        TOPIC = "access.source.lost"
        at: datetime

    @event(Opened)
    def __init__(self, source_id: UUID, grant_ids: list[UUID]) -> None:
        self.source_id = source_id
        self.grant_ids = list(grant_ids)
        self.withdrawn_for: RevocationCause | None = None
        self.withdrawn_version = 0
        self.restored_version = 0

    @staticmethod
    @override
    def create_id(source_id: UUID) -> UUID:
        """A source is known under the id of the order or comp."""
        return uuid5(_SOURCES, str(source_id))

    def back(self, grant_ids: list[UUID]) -> None:
        """Let these grants rest on it; those that do already are left as they are."""
        new = [grant_id for grant_id in grant_ids if grant_id not in self.grant_ids]
        if new:
            self._backed(grant_ids=new)

    @event(Backed)
    def _backed(self, grant_ids: list[UUID]) -> None:
        self.grant_ids += grant_ids

    @staticmethod
    def restored_id(source_id: UUID, version: int) -> UUID:
        """What grants rest on that are given again: who was told that a reason is gone for good
        takes this for another one."""
        return uuid5(_SOURCES, f"{source_id}/restored/{version}")

    @property
    def is_restored(self) -> bool:
        """Whether it was withdrawn, and later given back."""
        return self.withdrawn_for is not None and self.restored_version > self.withdrawn_version

    def withdraw(self, cause: RevocationCause, version: int, at: datetime) -> bool:
        """Take the ground away from its grants; False when that is known, or was given back since
        already."""
        if self.withdrawn_for is not None and version <= self.withdrawn_version:
            return False
        was_restored = self.is_restored
        self._withdrawn(cause=str(cause), at=at, version=version)
        return not (was_restored and self.is_restored)

    @event(Withdrawn)
    def _withdrawn(self, cause: str, at: datetime, version: int) -> None:
        self.withdrawn_for = RevocationCause(cause)
        self.withdrawn_version = version

    def restore(self, version: int, at: datetime) -> bool:
        """Give the ground back; False when there is nothing to give back, or not yet."""
        if version <= self.restored_version:
            return False
        was_restored = self.is_restored
        self._restored(at=at, version=version)
        return self.is_restored and not was_restored

    @event(Restored)
    def _restored(self, at: datetime, version: int) -> None:
        self.restored_version = version

    @property
    def is_lost(self) -> bool:
        """Whether the last that we know of it is that it was lost."""
        return self.withdrawn_for is RevocationCause.LOST and not self.is_restored

    def lose(self, at: datetime) -> None:
        """Take it for unknown to its service; told again, nothing happens."""
        if not self.is_lost:
            self._lost(at=at)

    @event(Lost)
    def _lost(self, at: datetime) -> None:
        self.withdrawn_for = RevocationCause.LOST
        # What is heard of it from now on is counted from the beginning.
        self.withdrawn_version = self.restored_version = 0
