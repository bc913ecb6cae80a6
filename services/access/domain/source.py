"""A source: the membership or comp on which grants rest."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

from services.access.domain.entry import Window
from services.access.domain.grant import Grant, RevocationCause

_SOURCES: Final = UUID("0b6f5a1c-6b1d-5f0e-8f1c-2f8c9d5f7a02")


class Source(Aggregate):
    """What grants rest on, and the latest that we heard of it.

    The events of a membership arrive in any order, even its end before its purchase. The latest
    version says whether the grants are revoked. The latest version with a window says when they let
    the person in. A comp has version 0.
    """

    TOPIC = "access.source"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "access.source.created"

    class Opened(Aggregate.Created):
        """We heard of the source for the first time."""

        TOPIC = "access.source.opened"
        source_id: UUID

    class Updated(Aggregate.Event):
        """A later version, a later window, or new grants: the event holds the result.

        `revoked_for` None: the grants hold. `valid_from` None: no window was heard yet.
        `grant_ids` are the new ones alone.
        """

        TOPIC = "access.source.updated"
        latest_version: int
        revoked_for: str | None
        window_version: int
        valid_from: datetime | None
        valid_until: datetime | None
        grant_ids: list[UUID]

    class MarkedLost(Aggregate.Event):
        """Checkout lost the source with its log: versions count from the beginning again."""

        TOPIC = "access.source.marked_lost"

    @event(Opened)
    def __init__(self, source_id: UUID) -> None:
        self.source_id = source_id
        self.grant_ids: list[UUID] = []
        self.latest_version = 0
        self.revoked_for: RevocationCause | None = None
        self.window_version = -1
        self.window: Window | None = None

    @staticmethod
    @override
    def create_id(source_id: UUID) -> UUID:
        """One per membership or comp."""
        return uuid5(_SOURCES, str(source_id))

    def update(
        self,
        version: int,
        revoked_for: RevocationCause | None,
        window: Window | None = None,
        grant_ids: Sequence[UUID] = (),
    ) -> None:
        """Take in one version; a version that is older than the known one changes nothing."""
        latest, cause = self.latest_version, self.revoked_for
        if version > latest:
            latest, cause = version, revoked_for
        window_version, latest_window = self.window_version, self.window
        if window is not None and version > window_version:
            window_version, latest_window = version, window
        new = [each for each in grant_ids if each not in self.grant_ids]
        if new or latest != self.latest_version or window_version != self.window_version:
            self._updated(
                latest_version=latest,
                revoked_for=None if cause is None else str(cause),
                window_version=window_version,
                valid_from=latest_window.since if latest_window else None,
                valid_until=latest_window.until if latest_window else None,
                grant_ids=new,
            )

    @event(Updated)
    def _updated(
        self,
        *,
        latest_version: int,
        revoked_for: str | None,
        window_version: int,
        valid_from: datetime | None,
        valid_until: datetime | None,
        grant_ids: list[UUID],
    ) -> None:
        self.latest_version = latest_version
        self.revoked_for = None if revoked_for is None else RevocationCause(revoked_for)
        self.window_version = window_version
        self.window = None if valid_from is None else Window(valid_from, valid_until)
        self.grant_ids += grant_ids

    def mark_lost(self) -> None:
        """Revoke its grants until a version is heard again."""
        if self.revoked_for is not RevocationCause.LOST:
            self._marked_lost()

    @event(MarkedLost)
    def _marked_lost(self) -> None:
        self.latest_version = 0
        self.revoked_for = RevocationCause.LOST
        self.window_version = -1

    def settle(self, grant: Grant, at: datetime) -> None:
        """Revoke, reinstate or move a grant, so that it follows what we know of the source."""
        if self.revoked_for is not None:
            grant.withdraw(self.revoked_for, self.latest_version, at)
        else:
            grant.hold(self.window or grant.window, self.latest_version, at)
