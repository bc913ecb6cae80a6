"""Calls to the video provider that a stored event or a webhook asked for."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from libs.runtime.scheduling.schedule import Job
from libs.runtime.store.store import Store
from services.streaming import queries
from services.streaming.application import (
    CLOSE_ROOM,
    HANDLE_WEBHOOK,
    LOOK_INTO_ROOM,
    LOOK_INTO_ROOMS,
    OPEN_ROOM,
    SWEEP,
    StillInRoom,
    Streaming,
    StreamNotFound,
)
from services.streaming.domain import EndCause
from services.streaming.provider import Participant, RoomEvent, VideoProvider
from services.streaming.queries import StreamSeen

Decision = Callable[[], None]


class Jobs:
    """The calls to the provider; each is idempotent."""

    def __init__(self, store: Store[Streaming], provider: VideoProvider) -> None:
        self._store = store
        self._provider = provider
        self._streaming = store.application

    def by_kind(self) -> Mapping[str, Job]:
        """Return the jobs by the kind of their schedule entries."""
        return {
            OPEN_ROOM: self.open_room,
            CLOSE_ROOM: self.close_room,
            LOOK_INTO_ROOM: self.look_into_room,
            LOOK_INTO_ROOMS: self.look_into_rooms,
            SWEEP: self.sweep,
            HANDLE_WEBHOOK: self.handle_webhook,
        }

    def open_room(self, payload: Mapping[str, Any]) -> Decision:
        """Create the room of a stream."""
        stream_id = UUID(payload["stream_id"])
        self._provider.open_room(stream_id)
        return partial(self._streaming.confirm_room, stream_id)

    def close_room(self, payload: Mapping[str, Any]) -> None:
        """Empty the room of an ended stream, and verify that it is empty."""
        stream_id = UUID(payload["stream_id"])
        self._provider.close_room(stream_id)
        if self._provider.list_participants(stream_id):
            raise StillInRoom(stream_id)

    def look_into_room(self, payload: Mapping[str, Any]) -> Decision | None:
        """Remove everyone who may no longer be in the room."""
        experience_id = UUID(payload["experience_id"])
        stream = self._store.query(lambda curs: queries.find_newest_stream(curs, experience_id))
        if stream is None or stream.is_over:
            return None
        return self._clear(stream)

    def look_into_rooms(self, payload: Mapping[str, Any]) -> Decision:
        """Schedule a check for each live room of a space.

        Rooms are checked separately: one that can't be cleared yet must not delay the others.
        """
        space_id, because_of = UUID(payload["space_id"]), UUID(payload["because_of"])
        on_air = self._store.query(lambda curs: queries.list_on_air(curs, space_id))

        def record() -> None:
            for stream in on_air:
                self._streaming.look_into_room(stream.experience_id, because_of)

        return record

    def sweep(self, payload: Mapping[str, Any]) -> Decision | None:
        """Check the room every 30 s, for changes that no webhook or event reported."""
        stream_id = UUID(payload["stream_id"])
        stream = self._find(stream_id)
        if stream is None or stream.is_over:
            return None
        # A restarted LiveKit forgets its rooms and does not create them on entry.
        self._provider.open_room(stream_id)
        note_hosts = self._clear(stream)

        def record() -> None:
            note_hosts()
            self._streaming.sweep_later(stream_id)

        return record

    def handle_webhook(self, payload: Mapping[str, Any]) -> Decision:
        """Handle a webhook; it is only a hint, so we ask the provider about the room."""
        event_id = str(payload["event_id"])
        body = self._store.query(lambda curs: queries.get_webhook(curs, event_id))
        act = self._on(self._provider.read_webhook(body))

        def record() -> None:
            if act is not None:
                act()
            self._streaming.finish_webhook(event_id)

        return record

    def _on(self, told: RoomEvent) -> Decision | None:
        stream = self._find(told.stream_id) if told.stream_id else None
        if stream is None:
            return None
        if told.kind == "room_finished":
            return self._on_room_finished(stream)
        return self._on_participant(told, stream)

    def _on_room_finished(self, stream: StreamSeen) -> Decision | None:
        """End the stream only if the room is gone now: the webhook may be old."""
        if self._provider.has_room(stream.stream_id):
            return None

        def record() -> None:
            self._streaming.end_stream(stream.stream_id, EndCause.ROOM_CLOSED)

        return record

    def _on_participant(self, told: RoomEvent, stream: StreamSeen) -> Decision | None:
        person = told.participant
        if person is None or person.is_machine:
            return None
        if stream.is_over:
            self._put_out(stream, [person])
            return None
        if person.is_host:
            publishing = told.kind == "track_published"
            return self._clear(stream, publishing=person.identity if publishing else None)
        if told.kind == "participant_joined":
            self._put_out(stream, self._who_may_not_stay(stream, [person]))
        return None

    def _clear(self, stream: StreamSeen, publishing: str | None = None) -> Decision:
        """Check everyone in the room; returns whether a host is there and whether one publishes.

        `publishing` names a host who published just now: the provider's list of tracks may lag
        behind.
        """
        present = [
            each
            for each in self._provider.list_participants(stream.stream_id)
            if not each.is_machine
        ]
        unwanted = self._who_may_not_stay(stream, present)
        self._put_out(stream, unwanted)
        hosts = [each for each in present if each.is_host and each not in unwanted]
        on_air = any(each.publishes or each.identity == publishing for each in hosts)

        def record() -> None:
            self._streaming.note_hosts(stream.stream_id, present=bool(hosts))
            if on_air:
                self._streaming.confirm_live(stream.stream_id)

        return record

    def _who_may_not_stay(
        self, stream: StreamSeen, people: Iterable[Participant]
    ) -> list[Participant]:
        people = list(people)
        known = {each.person_id for each in people if each.person_id is not None}
        now = self._store.clock.now()
        allowed = self._store.query(
            lambda curs: queries.list_who_may_enter(curs, stream.experience_id, known, now)
        )
        hosting = self._store.query(
            lambda curs: queries.list_hosts_of(curs, stream.space_id, known)
        )
        hosts = allowed & hosting
        return [
            each for each in people if each.person_id not in (hosts if each.is_host else allowed)
        ]

    def _put_out(self, stream: StreamSeen, unwanted: Iterable[Participant]) -> None:
        """Remove people and verify that they are gone. Raises StillInRoom, so that it is
        retried."""
        identities = {each.identity for each in unwanted}
        for identity in identities:
            self._provider.remove_participant(stream.stream_id, identity)
        if identities:
            there = {each.identity for each in self._provider.list_participants(stream.stream_id)}
            if there & identities:
                raise StillInRoom(stream.stream_id)

    def _find(self, stream_id: UUID) -> StreamSeen | None:
        try:
            return self._store.query(lambda curs: queries.get_stream(curs, stream_id))
        except StreamNotFound:
            return None
