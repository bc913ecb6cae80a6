"""The video provider and its server, as the use cases see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Participant:
    """Someone in a room; `person_id` is None for identities that we did not issue.

    `publishes` is true if they have at least one track in the room.
    """

    identity: str
    person_id: UUID | None
    is_host: bool
    is_machine: bool = False
    publishes: bool = False


@dataclass(frozen=True, slots=True)
class RoomEvent:
    """The content of a webhook; `stream_id` is None for rooms that are not ours."""

    event_id: str
    kind: str
    stream_id: UUID | None
    participant: Participant | None


@dataclass(frozen=True, slots=True)
class RoomToken:
    """What a browser needs to enter one room once, before it expires."""

    url: str
    token: str
    room: str
    identity: str
    expires_at: datetime


class VideoProvider(Protocol):
    """The provider of rooms. Every call is idempotent."""

    def open_room(self, stream_id: UUID) -> None:
        """Create the room if it does not exist."""
        ...

    def has_room(self, stream_id: UUID) -> bool: ...

    def close_room(self, stream_id: UUID) -> None:
        """Remove everyone and delete the room if it exists."""
        ...

    def list_participants(self, stream_id: UUID) -> Sequence[Participant]:
        """Return who is in the room; nobody if the room does not exist."""
        ...

    def remove_participant(self, stream_id: UUID, identity: str) -> None:
        """Remove someone; does nothing if they are absent."""
        ...

    def read_webhook(self, body: str) -> RoomEvent:
        """Read a webhook whose signature was checked on arrival."""
        ...

    def verify_webhook(self, body: str, authorization: str) -> RoomEvent:
        """Read a webhook that has just arrived. Raises ForgedWebhook."""
        ...

    def token(self, stream_id: UUID, person_id: UUID, *, host: bool) -> RoomToken:
        """Return a token for one room and one person: hosts publish, viewers watch."""
        ...


@dataclass(frozen=True, slots=True)
class VideoServerState:
    """Whether rooms can be opened here.

    `about_minutes` estimates the whole preparation; it is None while the server only starts.
    `progress` describes the preparation.
    """

    state: Literal["ready", "preparing", "absent"]
    about_minutes: int | None = None
    progress: str | None = None


class VideoServer(Protocol):
    """The server behind the provider, which may still be in preparation."""

    def state(self) -> VideoServerState: ...


class VideoServerNotReady(Exception):
    """Rooms can't be opened: the video server is in preparation, or there is none."""


class ForgedWebhook(Exception):
    """The webhook is too old, or our provider did not sign it."""
