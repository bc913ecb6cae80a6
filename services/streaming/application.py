"""Use cases of the streaming service: load, decide, save, and ask the provider by a job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol
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
    """Something that knows what time it is."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class Schedule(Protocol):
    """Keeps work until it is done; what is due now starts once the transaction is committed."""

    def at(self, kind: str, key: str, due_at: datetime, payload: Mapping[str, Any]) -> None:
        """Do it at that time; the same kind and key moves it."""
        ...

    def cancel(self, kind: str, key: str) -> None:
        """Don't do it any more."""
        ...


class Stage(Protocol):
    """The one place on air that each experience has."""

    def take(self, experience_id: UUID, stream_id: UUID) -> UUID:
        """Take it if it is free; who holds it now."""
        ...

    def leave(self, experience_id: UUID, stream_id: UUID) -> None:
        """Make it free again, if this stream holds it."""
        ...


class WebhookInbox(Protocol):
    """What the provider told us, word for word, before anything is done about it."""

    def keep(self, event_id: str, kind: str, body: str, *, handled: bool) -> bool:
        """Keep it; False when it was kept before."""
        ...

    def mark_handled(self, event_id: str) -> None:
        """Note that nothing is left to be done about it."""
        ...


@dataclass(frozen=True, slots=True)
class Participant:
    """Someone in a room; `person_id` is None for identities that we never gave out."""

    identity: str
    person_id: UUID | None
    is_host: bool
    is_machine: bool = False


@dataclass(frozen=True, slots=True)
class RoomEvent:
    """What a webhook says; `stream_id` is None for rooms that are not ours."""

    event_id: str
    kind: str
    stream_id: UUID | None
    participant: Participant | None


@dataclass(frozen=True, slots=True)
class RoomToken:
    """What a browser needs to enter one room, once, until then."""

    url: str
    token: str
    room: str
    identity: str
    expires_at: datetime


class VideoProvider(Protocol):
    """The place where the rooms are. Every call may be repeated without harm."""

    def open_room(self, stream_id: UUID) -> None:
        """Make sure that the room exists."""
        ...

    def has_room(self, stream_id: UUID) -> bool:
        """Whether the room exists."""
        ...

    def close_room(self, stream_id: UUID) -> None:
        """Put everyone out and make sure that the room is gone."""
        ...

    def list_participants(self, stream_id: UUID) -> Sequence[Participant]:
        """Who is in the room; nobody when there is no such room."""
        ...

    def remove_participant(self, stream_id: UUID, identity: str) -> None:
        """Put someone out; nothing happens when they are not there."""
        ...

    def read_webhook(self, body: str) -> RoomEvent:
        """What a webhook says whose signature was checked when it came."""
        ...

    def verify_webhook(self, body: str, authorization: str) -> RoomEvent:
        """What a webhook says that has just come. Raises ForgedWebhook."""
        ...

    def token(self, stream_id: UUID, person_id: UUID, *, host: bool) -> RoomToken:
        """A token for one room and one person: hosts publish, viewers watch."""
        ...


@dataclass(frozen=True, slots=True)
class VideoServerState:
    """Whether rooms can be opened here.

    `about_minutes` is the estimate for the whole preparation, None while the server merely starts;
    `progress` says how far the preparation is.
    """

    state: Literal["ready", "preparing", "absent"]
    about_minutes: int | None = None
    progress: str | None = None


class VideoServer(Protocol):
    """The server behind the provider, which may still be in the making."""

    def state(self) -> VideoServerState:
        """Whether rooms can be opened now."""
        ...


class VideoServerNotReady(Exception):
    """Rooms can't be opened: the video server is being prepared, or there is none."""


class ForgedWebhook(Exception):
    """The webhook is not signed by our provider, or too old."""


class StreamNotFound(Exception):
    """No stream has this id."""


class StillInRoom(Exception):
    """The provider still lists people after it was told to put them out."""


ACTED_UPON: Final = frozenset({"participant_joined", "participant_left", "room_finished"})
"""The webhooks about which something is done; the others are kept for the record."""


class Streaming(Application[UUID]):
    """Everything that can be asked of the streaming service."""

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
        """Take the stage and ask for a room; the id of the stream. Raises AlreadyLive."""
        holder = self._stage.take(experience_id, stream_id)
        if holder != stream_id:
            raise AlreadyLive(holder)
        # Recording is on by default; that it is asked for is all that is said until it exists.
        self.save(Stream(stream_id, experience_id, space_id, started_by, recording=True))
        self._ask(OPEN_ROOM, stream_id)
        return str(stream_id)

    def confirm_live(self, stream_id: UUID) -> None:
        """Record that the room is open; begin to sweep it, and to wait for a host."""
        stream = self._get(stream_id)
        if stream.is_over:
            self._ask(CLOSE_ROOM, stream_id)
            return
        now = self._clock.now()
        stream.confirm_live(now)
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
        """End a stream and put everyone out; the id of the stream. Raises StreamNotFound."""
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
        """End a stream whose host did not come back in time."""
        if not self._get(stream_id).host_present:
            self.end_stream(stream_id, EndCause.NO_HOST)

    def sweep_later(self, stream_id: UUID) -> None:
        """Look into the room again in 30 s; one that is over by now has its room closed."""
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
        """Put those out of the experience's room who may not be there any more, at once."""
        self._schedule.at(
            LOOK_INTO_ROOM,
            f"{experience_id}/{because_of}",
            self._clock.now(),
            {"experience_id": str(experience_id)},
        )

    def look_into_rooms(self, space_id: UUID, because_of: UUID) -> None:
        """Do the same in every room of a space that is on air."""
        self._schedule.at(
            LOOK_INTO_ROOMS,
            f"{space_id}/{because_of}",
            self._clock.now(),
            {"space_id": str(space_id), "because_of": str(because_of)},
        )

    def receive_webhook(self, event_id: str, kind: str, body: str) -> None:
        """Keep what the provider told us, once, and have it handled."""
        acted_upon = kind in ACTED_UPON
        if self._inbox.keep(event_id, kind, body, handled=not acted_upon) and acted_upon:
            self._schedule.at(HANDLE_WEBHOOK, event_id, self._clock.now(), {"event_id": event_id})

    def finish_webhook(self, event_id: str) -> None:
        """Note that nothing is left to be done about it."""
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
