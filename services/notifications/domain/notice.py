"""A notice: one person is told one thing, once, on one channel."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

from services.notifications.domain.kinds import MANDATORY, Channel, DropReason, Kind

_NOTICES: Final = UUID("4b0c3f0e-52c8-5b5e-a3b7-7f0b5a7c1d01")


class Status(StrEnum):
    """What became of a notice."""

    REQUESTED = "requested"
    DELIVERED = "delivered"
    DROPPED = "dropped"
    FAILED = "failed"


class Notice(Aggregate):
    """One telling. `facts` fill the blanks of its text and name no person; `url` is a path here.

    After `not_after` there is no sense in telling it any more.
    """

    TOPIC = "notifications.notice"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "notifications.notice.created"

    class Requested(Aggregate.Created):
        """The person is to be told."""

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
        """It stands in the app, or the mail server took it."""

        TOPIC = "notifications.notice.delivered"
        about_event_id: UUID
        person_id: UUID
        kind: str
        channel: str
        at: datetime

    class Dropped(Aggregate.Event):
        """It was left unsaid on purpose."""

        TOPIC = "notifications.notice.dropped"
        reason: str
        at: datetime

    class Failed(Aggregate.Event):
        """The mail server refused it for good; `code` is the server's."""

        TOPIC = "notifications.notice.failed"
        code: int
        at: datetime

    class Read(Aggregate.Event):
        """The person has seen it."""

        TOPIC = "notifications.notice.read"
        at: datetime

    @event(Requested)
    def __init__(  # noqa: PLR0913 - the names of the event's fields
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
        """The key of "exactly once": one notice per event, person, kind and channel."""
        return uuid5(_NOTICES, f"{about_event_id}/{person_id}/{kind}/{channel}")

    @property
    def is_open(self) -> bool:
        """Whether it has yet to be sent."""
        return self.status is Status.REQUESTED

    @property
    def is_mandatory(self) -> bool:
        """Whether it is told to those as well who want no mail."""
        return self.kind in MANDATORY

    def is_too_late(self, at: datetime) -> bool:
        """Whether there is no sense in telling it any more."""
        return self.not_after is not None and at > self.not_after

    def deliver(self, at: datetime) -> None:
        """It reached the person; nothing when its fate was known already."""
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
        """Leave it unsaid; nothing when its fate was known already."""
        if self.is_open:
            self._dropped(reason=str(reason), at=at)

    @event(Dropped)
    def _dropped(self, reason: str, at: datetime) -> None:
        self.status = Status.DROPPED

    def fail(self, code: int, at: datetime) -> None:
        """It can't be delivered; nothing when its fate was known already."""
        if self.is_open:
            self._failed(code=code, at=at)

    @event(Failed)
    def _failed(self, code: int, at: datetime) -> None:
        self.status = Status.FAILED

    def mark_read(self, at: datetime) -> None:
        """The person has seen it; the first time counts."""
        if self.read_at is None:
            self._read(at=at)

    @event(Read)
    def _read(self, at: datetime) -> None:
        self.read_at = at
