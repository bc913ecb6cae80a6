"""What a stream is, and the rules it obeys. No I/O and no clock."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from eventsourcing.domain import Aggregate, event
from typing_extensions import override


class StreamState(StrEnum):
    """Where a stream is in its life; `lobby` is an open room in which no host was seen yet,
    `back_soon` is live without a host in the room."""

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
    """The experience is on air already, by another stream."""

    def __init__(self, stream_id: UUID) -> None:
        super().__init__(stream_id)
        self.detail = str(stream_id)


class Stream(Aggregate):
    """One live session of an experience."""

    TOPIC = "streaming.stream"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "streaming.stream.created"

    class Requested(Aggregate.Created):
        """Someone of the team goes live; the room shall exist at the provider."""

        TOPIC = "streaming.stream.requested"

        stream_id: UUID
        experience_id: UUID
        space_id: UUID
        started_by: UUID
        recording: bool

    class RoomOpened(Aggregate.Event):
        """The provider confirmed the room: people can come in and wait for the host."""

        TOPIC = "streaming.stream.room_opened"

        at: datetime

    class WentLive(Aggregate.Event):
        """A host published the first track: there is something to see or to hear."""

        TOPIC = "streaming.stream.went_live"

        experience_id: UUID
        space_id: UUID
        started_at: datetime
        recording: bool

    class HostReturned(Aggregate.Event):
        """A host is in the room, for the first time or again."""

        TOPIC = "streaming.stream.host_returned"

        at: datetime

    class HostLeft(Aggregate.Event):
        """No host is in the room any more; the stream goes on for a while."""

        TOPIC = "streaming.stream.host_left"

        at: datetime

    class Ended(Aggregate.Event):
        """The stream is over; `was_live` is false when no host was ever seen."""

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
        """The id is made by the command, so that a repeated one makes the same stream."""
        return stream_id

    @property
    def is_over(self) -> bool:
        """Whether it ended."""
        return self.state == StreamState.ENDED.value

    def confirm_room(self, at: datetime) -> None:
        """Note that the room is open; one that ended meanwhile stays ended."""
        if self.state == StreamState.OPENING.value:
            self._room_opened(at=at)

    @event(RoomOpened)
    def _room_opened(self, at: datetime) -> None:
        self.state = StreamState.LOBBY.value

    def confirm_live(self, at: datetime) -> None:
        """Note that a host publishes; told again, or once it ended, nothing happens."""
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
        """Note whether a host is in the room; what is known already changes nothing."""
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
        """End it; told again, nothing happens."""
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
