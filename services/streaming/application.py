"""Use cases of the streaming service: load, decide, save, and call the provider by a job."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application

from services.streaming.domain import AlreadyLive, EndCause, Stream

OPEN_ROOM = "open_room"
CLOSE_ROOM = "close_room"
LOOK_INTO_ROOM = "look_into_room"
LOOK_INTO_ROOMS = "look_into_rooms"
SWEEP = "sweep"
HANDLE_WEBHOOK = "handle_webhook"
NO_HOST = "no_host"

SWEPT_EVERY: Final = timedelta(seconds=30)
ENDS_WITHOUT_HOST_AFTER: Final = timedelta(minutes=30)


class Clock(Protocol):
    """A source of the present time."""

    def now(self) -> datetime: ...


class Schedule(Protocol):
    """Keeps work until it is done; work due now starts after the commit."""

    def at(self, kind: str, key: str, due_at: datetime, payload: Mapping[str, Any]) -> None:
        """Schedule work; the same kind and key moves the entry."""
        ...

    def cancel(self, kind: str, key: str) -> None:
        """Remove an entry."""
        ...


class Stage(Protocol):
    """The one live slot of each experience."""

    def take(self, experience_id: UUID, stream_id: UUID) -> UUID:
        """Take the slot if it is free; returns its holder."""
        ...

    def leave(self, experience_id: UUID, stream_id: UUID) -> None:
        """Free the slot if this stream holds it."""
        ...


class WebhookInbox(Protocol):
    """The provider's webhooks, stored word for word before they are handled."""

    def keep(self, event_id: str, kind: str, body: str, *, handled: bool) -> bool:
        """Store a webhook; returns False if it was stored before."""
        ...

    def mark_handled(self, event_id: str) -> None:
        """Mark a webhook as handled."""
        ...


class StreamNotFound(Exception):
    """No stream has this id."""


class StillInRoom(Exception):
    """The provider still lists people that we asked it to remove."""


ACTED_UPON: Final = frozenset(
    {"participant_joined", "participant_left", "track_published", "room_finished"}
)
"""The webhooks that we handle; the others are only stored."""


class Streaming(Application[UUID]):
    """The use cases of the streaming service."""

    def __init__(
        self,
        env: dict[str, str] | None = None,
        *,
        clock: Clock,
        schedule: Schedule,
        stage: Stage,
        inbox: WebhookInbox,
    ) -> None:
        super().__init__(env)
        self._clock = clock
        self._schedule = schedule
        self._stage = stage
        self._inbox = inbox

    def go_live(
        self, stream_id: UUID, experience_id: UUID, space_id: UUID, started_by: UUID
    ) -> str:
        """Take the slot and request a room; returns the stream's id. Raises AlreadyLive."""
        holder = self._stage.take(experience_id, stream_id)
        if holder != stream_id:
            raise AlreadyLive(holder)
        # Recording is requested by default, and claimed only once a recording exists.
        self.save(Stream(stream_id, experience_id, space_id, started_by, recording=True))
        self._ask(OPEN_ROOM, stream_id)
        return str(stream_id)

    def confirm_live(self, stream_id: UUID) -> None:
        """Record that a host publishes; this announces the stream."""
        stream = self._get(stream_id)
        stream.confirm_live(self._clock.now())
        self.save(stream)

    def confirm_room(self, stream_id: UUID) -> None:
        """Record that the room is open; start the sweep and the wait for a host."""
        stream = self._get(stream_id)
        if stream.is_over:
            self._ask(CLOSE_ROOM, stream_id)
            return
        now = self._clock.now()
        stream.confirm_room(now)
        self.save(stream)
        self.sweep_later(stream_id)
        self._wait_for_host(stream, now)

    def note_hosts(self, stream_id: UUID, *, present: bool) -> None:
        """Record whether a host is in the room; without one the stream ends after 30 minutes."""
        stream = self._get(stream_id)
        now = self._clock.now()
        if present == stream.host_present or stream.is_over:
            return
        stream.note_hosts(now, present=present)
        self.save(stream)
        if present:
            self._schedule.cancel(NO_HOST, str(stream_id))
        else:
            self._wait_for_host(stream, now)

    def end_stream(self, stream_id: UUID, cause: EndCause) -> str:
        """End a stream and remove everyone; returns its id. Raises StreamNotFound."""
        stream = self._get(stream_id)
        if not stream.is_over:
            stream.end(self._clock.now(), cause)
            self.save(stream)
            self._stage.leave(stream.experience_id, stream_id)
            for kind in (SWEEP, NO_HOST):
                self._schedule.cancel(kind, str(stream_id))
            self._ask(CLOSE_ROOM, stream_id)
        return str(stream_id)

    def end_without_host(self, stream_id: UUID) -> None:
        """End a stream whose host did not return in time."""
        if not self._get(stream_id).host_present:
            self.end_stream(stream_id, EndCause.NO_HOST)

    def sweep_later(self, stream_id: UUID) -> None:
        """Sweep the room again in 30 s; if the stream is over, close its room."""
        if self._get(stream_id).is_over:
            self._ask(CLOSE_ROOM, stream_id)
            return
        self._schedule.at(
            SWEEP,
            str(stream_id),
            self._clock.now() + SWEPT_EVERY,
            {"stream_id": str(stream_id)},
        )

    def look_into_room(self, experience_id: UUID, because_of: UUID) -> None:
        """Remove everyone from the experience's room who may no longer be there."""
        self._schedule.at(
            LOOK_INTO_ROOM,
            f"{experience_id}/{because_of}",
            self._clock.now(),
            {"experience_id": str(experience_id)},
        )

    def look_into_rooms(self, space_id: UUID, because_of: UUID) -> None:
        """Do the same in every live room of a space."""
        self._schedule.at(
            LOOK_INTO_ROOMS,
            f"{space_id}/{because_of}",
            self._clock.now(),
            {"space_id": str(space_id), "because_of": str(because_of)},
        )

    def receive_webhook(self, event_id: str, kind: str, body: str) -> None:
        """Store a webhook once, and schedule its handling."""
        acted_upon = kind in ACTED_UPON
        if self._inbox.keep(event_id, kind, body, handled=not acted_upon) and acted_upon:
            self._schedule.at(HANDLE_WEBHOOK, event_id, self._clock.now(), {"event_id": event_id})

    def finish_webhook(self, event_id: str) -> None:
        """Mark a webhook as handled."""
        self._inbox.mark_handled(event_id)

    def _ask(self, kind: str, stream_id: UUID) -> None:
        self._schedule.at(kind, str(stream_id), self._clock.now(), {"stream_id": str(stream_id)})

    def _wait_for_host(self, stream: Stream, now: datetime) -> None:
        if not stream.host_present:
            self._schedule.at(
                NO_HOST,
                str(stream.id),
                now + ENDS_WITHOUT_HOST_AFTER,
                {"stream_id": str(stream.id)},
            )

    def _get(self, stream_id: UUID) -> Stream:
        try:
            found: Stream = self.repository.get(stream_id)
        except AggregateNotFoundError:
            raise StreamNotFound(stream_id) from None
        return found
