"""The video provider and its server, as the use cases see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Participant:
    """Someone in a room; `person_id` is None for identities that we never gave out.

    `publishes` is that they have at least one track in the room.
    """

    identity: str
    person_id: UUID | None
    is_host: bool
    is_machine: bool = False
    publishes: bool = False


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
