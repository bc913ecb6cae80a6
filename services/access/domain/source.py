"""A source: the order or comp on which grants rest."""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

from services.access.domain.grant import RevocationCause

_SOURCES: Final = UUID("0b6f5a1c-6b1d-5f0e-8f1c-2f8c9d5f7a02")


class Source(Aggregate):
    """What grants rest on: an order or a comp. Withdrawn once, whatever arrives first.

    A refund may be heard before its purchase: the withdrawal is remembered here, and a grant that
    is issued on a withdrawn source is revoked at once.
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
        cause: str
        at: datetime

    @event(Opened)
    def __init__(self, source_id: UUID, grant_ids: list[UUID]) -> None:
        self.source_id = source_id
        self.grant_ids = list(grant_ids)
        self.withdrawn_for: RevocationCause | None = None

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

    def withdraw(self, cause: RevocationCause, at: datetime) -> None:
        """Take the ground away from its grants; the first cause stays."""
        if self.withdrawn_for is None:
            self._withdrawn(cause=str(cause), at=at)

    @event(Withdrawn)
    def _withdrawn(self, cause: str, at: datetime) -> None:
        self.withdrawn_for = RevocationCause(cause)
