"""Streams and their rules. No I/O and no clock."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from eventsourcing.domain import Aggregate, event
from typing_extensions import override


class StreamState(StrEnum):
    """The state of a stream. In `lobby` the room is open and no host was seen yet; `back_soon` is
    live without a host in the room."""

    OPENING = "opening"
    LOBBY = "lobby"
    LIVE = "live"
    BACK_SOON = "back_soon"
    ENDED = "ended"


_NOT_LIVE_YET: Final = frozenset({StreamState.OPENING.value, StreamState.LOBBY.value})


class EndCause(StrEnum):
    """Why a stream ended."""

    TEAM = "team"
    NO_HOST = "no_host"
    ROOM_CLOSED = "room_closed"


class AlreadyLive(Exception):
    """Another stream of the experience is live."""

    def __init__(self, stream_id: UUID) -> None:
        super().__init__(stream_id)
        self.detail = str(stream_id)


class Stream(Aggregate):
    """One live session of an experience."""

    TOPIC = "streaming.stream"

    class Created(Aggregate.Created):
        """The library requires it beside a named creation event; never used."""

        TOPIC = "streaming.stream.created"

    class Requested(Aggregate.Created):
        """A team member went live; the provider is asked for a room."""

        TOPIC = "streaming.stream.requested"

        stream_id: UUID
        experience_id: UUID
        space_id: UUID
        started_by: UUID
        recording: bool

    class RoomOpened(Aggregate.Event):
        """The provider confirmed the room: people can enter and wait for the host."""

        TOPIC = "streaming.stream.room_opened"

        at: datetime

    class WentLive(Aggregate.Event):
        """A host published the first track: the stream can be seen or heard."""

        TOPIC = "streaming.stream.went_live"

        experience_id: UUID
        space_id: UUID
        started_at: datetime
        recording: bool

    class HostReturned(Aggregate.Event):
        """A host entered the room."""

        TOPIC = "streaming.stream.host_returned"

        at: datetime

    class HostLeft(Aggregate.Event):
        """The last host left the room; the stream continues for a while."""

        TOPIC = "streaming.stream.host_left"

        at: datetime

    class Ended(Aggregate.Event):
        """The stream ended; `was_live` is false if no host was ever seen."""

        TOPIC = "streaming.stream.ended"

        experience_id: UUID
        space_id: UUID
        ended_at: datetime
        cause: str
        was_live: bool

    @event(Requested)
    def __init__(
        self,
        stream_id: UUID,
        experience_id: UUID,
        space_id: UUID,
        started_by: UUID,
        *,
        recording: bool,
    ) -> None:
        self.experience_id = experience_id
        self.space_id = space_id
        self.started_by = started_by
        self.recording = recording
        self.state: str = StreamState.OPENING.value
        self.host_present = False

    @staticmethod
    @override
    def create_id(stream_id: UUID) -> UUID:
        """Return the id that the command chose, so that a repeated command makes the same
        stream."""
        return stream_id

    @property
    def is_over(self) -> bool:
        return self.state == StreamState.ENDED.value

    def confirm_room(self, at: datetime) -> None:
        """Record that the room is open, unless the stream has ended."""
        if self.state == StreamState.OPENING.value:
            self._room_opened(at=at)

    @event(RoomOpened)
    def _room_opened(self, at: datetime) -> None:
        self.state = StreamState.LOBBY.value

    def confirm_live(self, at: datetime) -> None:
        """Record that a host publishes; idempotent, and ignored after the end."""
        if self.state in _NOT_LIVE_YET:
            self._went_live(
                experience_id=self.experience_id,
                space_id=self.space_id,
                started_at=at,
                recording=self.recording,
            )

    @event(WentLive)
    def _went_live(
        self,
        experience_id: UUID,
        space_id: UUID,
        started_at: datetime,
        recording: bool,
    ) -> None:
        self.state = StreamState.LIVE.value

    def note_hosts(self, at: datetime, *, present: bool) -> None:
        """Record whether a host is in the room; a known state changes nothing."""
        if self.is_over or present == self.host_present:
            return
        if present:
            self._host_returned(at=at)
        else:
            self._host_left(at=at)

    @event(HostReturned)
    def _host_returned(self, at: datetime) -> None:
        self.host_present = True
        if self.state == StreamState.BACK_SOON.value:
            self.state = StreamState.LIVE.value

    @event(HostLeft)
    def _host_left(self, at: datetime) -> None:
        self.host_present = False
        if self.state == StreamState.LIVE.value:
            self.state = StreamState.BACK_SOON.value

    def end(self, at: datetime, cause: EndCause) -> None:
        """End the stream; idempotent."""
        if not self.is_over:
            self._ended(
                experience_id=self.experience_id,
                space_id=self.space_id,
                ended_at=at,
                cause=cause.value,
                was_live=self.state not in _NOT_LIVE_YET,
            )

    @event(Ended)
    def _ended(
        self,
        experience_id: UUID,
        space_id: UUID,
        ended_at: datetime,
        cause: str,
        was_live: bool,
    ) -> None:
        self.state = StreamState.ENDED.value
