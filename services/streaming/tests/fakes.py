"""Fakes of what the streaming service depends on."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from libs.runtime.http import person_token
from libs.runtime.scheduling.clock import SystemClock
from services.streaming.application import Stage, WebhookInbox
from services.streaming.provider import (
    ForgedWebhook,
    Participant,
    RoomEvent,
    RoomToken,
    VideoProvider,
    VideoServer,
    VideoServerState,
)

PERSON_SECRET = "a secret for person tokens, of 32 signs"


def signed(person_id: UUID) -> dict[str, str]:
    """Return the headers that an edge sends for a person."""
    token = person_token.sign(PERSON_SECRET, person_id, "session", SystemClock().now())
    return {"Authorization": f"Bearer {token}"}


def viewer(person_id: UUID) -> Participant:
    return Participant(str(person_id), person_id, is_host=False)


def host(person_id: UUID, *, publishes: bool = False) -> Participant:
    return Participant(f"host-{person_id}", person_id, is_host=True, publishes=publishes)


@dataclass
class StageInMemory(Stage):
    """The live stream of each experience."""

    holders: dict[UUID, UUID] = field(default_factory=dict)

    def take(self, experience_id: UUID, stream_id: UUID) -> UUID:
        return self.holders.setdefault(experience_id, stream_id)

    def leave(self, experience_id: UUID, stream_id: UUID) -> None:
        if self.holders.get(experience_id) == stream_id:
            del self.holders[experience_id]


@dataclass
class InboxInMemory(WebhookInbox):
    """The stored webhooks, and which are handled."""

    kept: dict[str, bool] = field(default_factory=dict)

    def keep(self, event_id: str, kind: str, body: str, *, handled: bool) -> bool:
        if event_id in self.kept:
            return False
        self.kept[event_id] = handled
        return True

    def mark_handled(self, event_id: str) -> None:
        self.kept[event_id] = True


@dataclass
class VideoServerInMemory(VideoServer):
    """Ready, until a test says otherwise."""

    said: VideoServerState = field(default_factory=lambda: VideoServerState("ready"))

    def state(self) -> VideoServerState:
        return self.said


@dataclass
class Rooms(VideoProvider):
    """Rooms in memory. `deaf` people are still listed after their removal."""

    rooms: dict[UUID, list[Participant]] = field(default_factory=dict)
    deaf: set[str] = field(default_factory=set)

    def open_room(self, stream_id: UUID) -> None:
        self.rooms.setdefault(stream_id, [])

    def has_room(self, stream_id: UUID) -> bool:
        return stream_id in self.rooms

    def close_room(self, stream_id: UUID) -> None:
        self.rooms.pop(stream_id, None)

    def list_participants(self, stream_id: UUID) -> Sequence[Participant]:
        return list(self.rooms.get(stream_id, ()))

    def remove_participant(self, stream_id: UUID, identity: str) -> None:
        if identity not in self.deaf:
            there = self.rooms.get(stream_id, [])
            there[:] = [each for each in there if each.identity != identity]

    def read_webhook(self, body: str) -> RoomEvent:
        told = json.loads(body)
        who = told.get("who")
        return RoomEvent(
            told["id"],
            told["kind"],
            UUID(told["room"]),
            (host if told.get("host") else viewer)(UUID(who)) if who else None,
        )

    def verify_webhook(self, body: str, authorization: str) -> RoomEvent:
        if authorization != "ours":
            raise ForgedWebhook
        return self.read_webhook(body)

    def token(self, stream_id: UUID, person_id: UUID, *, host: bool) -> RoomToken:
        identity = f"host-{person_id}" if host else str(person_id)
        until = datetime(2026, 11, 23, 20, 10, tzinfo=UTC)
        return RoomToken("ws://live", f"for {identity}", str(stream_id), identity, until)
