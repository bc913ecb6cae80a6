"""A notice: one piece of news for one person on one channel."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

from services.notifications.domain.kinds import MANDATORY, Channel, DropReason, Kind

_NOTICES: Final = UUID("4b0c3f0e-52c8-5b5e-a3b7-7f0b5a7c1d01")


class Status(StrEnum):
    """The outcome of a notice."""

    REQUESTED = "requested"
    DELIVERED = "delivered"
    DROPPED = "dropped"
    FAILED = "failed"


class Notice(Aggregate):
    """One notice. `facts` fill the gaps of its text and name no person; `url` is a path on this
    site.

    It is pointless after `not_after`.
    """

    TOPIC = "notifications.notice"

    class Created(Aggregate.Created):
        """The library requires it beside a named creation event; never used."""

        TOPIC = "notifications.notice.created"

    class Requested(Aggregate.Created):
        """A person is to be notified."""

        TOPIC = "notifications.notice.requested"
        about_event_id: UUID
        person_id: UUID
        kind: str
        channel: str
        space_id: UUID | None
        facts: dict[str, Any]
        url: str
        not_after: datetime | None
        at: datetime

    class Delivered(Aggregate.Event):
        """The notice appeared in the app, or the mail server took it."""

        TOPIC = "notifications.notice.delivered"
        about_event_id: UUID
        person_id: UUID
        kind: str
        channel: str
        at: datetime

    class Dropped(Aggregate.Event):
        """The notice was dropped on purpose."""

        TOPIC = "notifications.notice.dropped"
        reason: str
        at: datetime

    class Failed(Aggregate.Event):
        """The mail server refused it for good; `code` is the server's."""

        TOPIC = "notifications.notice.failed"
        code: int
        at: datetime

    class Read(Aggregate.Event):
        """The person read it."""

        TOPIC = "notifications.notice.read"
        at: datetime

    @event(Requested)
    def __init__(  # noqa: PLR0913 - the fields of the event
        self,
        *,
        about_event_id: UUID,
        person_id: UUID,
        kind: str,
        channel: str,
        space_id: UUID | None,
        facts: dict[str, Any],
        url: str,
        not_after: datetime | None,
        at: datetime,
    ) -> None:
        self.about_event_id = about_event_id
        self.person_id = person_id
        self.kind = Kind(kind)
        self.channel = Channel(channel)
        self.space_id = space_id
        self.facts = facts
        self.url = url
        self.not_after = not_after
        self.requested_at = at
        self.status = Status.REQUESTED
        self.read_at: datetime | None = None

    @staticmethod
    @override
    def create_id(about_event_id: UUID, person_id: UUID, kind: str, channel: str) -> UUID:
        """Return the key of "exactly once": one notice per event, person, kind and channel."""
        return uuid5(_NOTICES, f"{about_event_id}/{person_id}/{kind}/{channel}")

    @property
    def is_open(self) -> bool:
        return self.status is Status.REQUESTED

    @property
    def is_mandatory(self) -> bool:
        """Return whether people who want no mail get it too."""
        return self.kind in MANDATORY

    def is_too_late(self, at: datetime) -> bool:
        """Return whether it has become pointless."""
        return self.not_after is not None and at > self.not_after

    def deliver(self, at: datetime) -> None:
        """Record its delivery; does nothing if the outcome is known."""
        if self.is_open:
            self._delivered(
                about_event_id=self.about_event_id,
                person_id=self.person_id,
                kind=str(self.kind),
                channel=str(self.channel),
                at=at,
            )

    @event(Delivered)
    def _delivered(
        self, about_event_id: UUID, person_id: UUID, kind: str, channel: str, at: datetime
    ) -> None:
        self.status = Status.DELIVERED

    def drop(self, reason: DropReason, at: datetime) -> None:
        """Record that it was dropped; does nothing if the outcome is known."""
        if self.is_open:
            self._dropped(reason=str(reason), at=at)

    @event(Dropped)
    def _dropped(self, reason: str, at: datetime) -> None:
        self.status = Status.DROPPED

    def fail(self, code: int, at: datetime) -> None:
        """Record that it can't be delivered; does nothing if the outcome is known."""
        if self.is_open:
            self._failed(code=code, at=at)

    @event(Failed)
    def _failed(self, code: int, at: datetime) -> None:
        self.status = Status.FAILED

    def mark_read(self, at: datetime) -> None:
        """Record that the person read it; the first time counts."""
        if self.read_at is None:
            self._read(at=at)

    @event(Read)
    def _read(self, at: datetime) -> None:
        self.read_at = at
