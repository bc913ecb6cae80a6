"""Rooms and their participants, as LiveKit keeps them; durable, but without media."""

import secrets
import string
import time
from typing import Final

from google.protobuf.json_format import MessageToDict, ParseDict
from livekit.protocol.models import (
    Codec,
    DisconnectReason,
    ParticipantInfo,
    ParticipantPermission,
    Room,
    TrackInfo,
    TrackType,
)
from livekit.protocol.room import CreateRoomRequest
from livekit.protocol.webhook import WebhookEvent

from sandbox.livekit.tokens import Claims
from sandbox.livekit.webhooks import Webhooks
from sandbox.state import State

_LETTERS: Final = string.ascii_letters + string.digits
_EMPTY_TIMEOUT_S: Final = 300
_DEPARTURE_TIMEOUT_S: Final = 20
_CODECS: Final = (
    *("audio/PCMU", "audio/PCMA", "audio/opus", "audio/red", "video/VP8"),
    *("video/H264", "video/VP9", "video/AV1", "video/H265", "video/rtx"),
)


class RoomFull(Exception):
    """The room is full."""


def new_sid(prefix: str) -> str:
    """Return an id as LiveKit makes them: `RM_` and twelve letters or digits."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(12))


class Rooms:
    """All rooms of one LiveKit server."""

    def __init__(self, state: State, webhooks: Webhooks) -> None:
        self._rooms = state.collection("livekit.rooms")
        self._people = state.collection("livekit.participants")
        self._webhooks = webhooks

    def create(self, asked: CreateRoomRequest) -> Room:
        """Create a room; an open one is returned as it is."""
        known = self.find(asked.name)
        if known is not None:
            return known
        now_ms = time.time_ns() // 1_000_000
        room = Room(
            sid=new_sid("RM_"),
            name=asked.name,
            empty_timeout=asked.empty_timeout or _EMPTY_TIMEOUT_S,
            departure_timeout=asked.departure_timeout or _DEPARTURE_TIMEOUT_S,
            max_participants=asked.max_participants,
            creation_time=now_ms // 1000,
            creation_time_ms=now_ms,
            turn_password=secrets.token_urlsafe(32),
            enabled_codecs=[Codec(mime=mime) for mime in _CODECS],
            metadata=asked.metadata,
        )
        self._store(room, empty_since=now_ms / 1000, was_used=False)
        self._tell("room_started", room)
        return room

    def find(self, name: str) -> Room | None:
        document = self._rooms.get(name)
        if document is None:
            return None
        room = ParseDict(document["room"], Room())
        people = self.people_in(name)
        room.num_participants = sum(1 for person in people if not person.permission.hidden)
        room.num_publishers = sum(1 for person in people if person.is_publisher)
        return room

    def all(self) -> list[Room]:
        """Return every open room, oldest first."""
        names = [str(document["room"].get("name", "")) for document in self._rooms.all()]
        return [room for name in names if (room := self.find(name)) is not None]

    def put_metadata(self, room: Room, metadata: str) -> Room:
        """Change the metadata that all participants see."""
        room.metadata = metadata
        document = self._rooms.get(room.name) or {}
        self._store(room, document["empty_since"], was_used=document["was_used"])
        return room

    def close(self, room: Room) -> None:
        """Remove everybody and end the room."""
        for person in self.people_in(room.name):
            self.remove(room, person, DisconnectReason.ROOM_DELETED)
        self._rooms.delete(room.name)
        self._tell("room_finished", room)

    def close_empty(self, now_s: float) -> None:
        """End the rooms that stood empty for their timeout (after use: the shorter one)."""
        for document in self._rooms.all():
            room = ParseDict(document["room"], Room())
            if document["empty_since"] is None:
                continue
            wait_s = room.departure_timeout if document["was_used"] else room.empty_timeout
            if now_s - document["empty_since"] >= wait_s:
                self.close(room)

    def people_in(self, name: str) -> list[ParticipantInfo]:
        """Return the participants of a room, in order of arrival."""
        return [
            ParseDict(document["info"], ParticipantInfo())
            for document in self._people.all()
            if document["room"] == name
        ]

    def person(self, name: str, identity: str) -> ParticipantInfo | None:
        document = self._people.get(f"{name}|{identity}")
        return ParseDict(document["info"], ParticipantInfo()) if document else None

    def join(self, claims: Claims) -> ParticipantInfo:
        """Admit the bearer of a join token; an earlier connection of the same identity is removed.

        Raises RoomFull.
        """
        name = str(claims.video.get("room", ""))
        room = self.create(CreateRoomRequest(name=name))
        twin = self.person(name, claims.identity)
        if twin is not None:
            self.remove(room, twin, DisconnectReason.DUPLICATE_IDENTITY)
        elif room.max_participants and room.num_participants >= room.max_participants:
            raise RoomFull(name)
        now_ms = time.time_ns() // 1_000_000
        info = ParticipantInfo(
            sid=new_sid("PA_"),
            identity=claims.identity,
            name=claims.name,
            metadata=claims.metadata,
            attributes=dict(claims.attributes),
            state=ParticipantInfo.State.ACTIVE,
            joined_at=now_ms // 1000,
            joined_at_ms=now_ms,
            version=1,
            permission=_permission(claims),
        )
        self.put_person(room, info)
        self._store(room, empty_since=None, was_used=True)
        self._tell("participant_joined", room, participant=info)
        return info

    def put_person(self, room: Room, info: ParticipantInfo) -> None:
        """Store a new or changed participant."""
        document = {"room": room.name, "info": MessageToDict(info)}
        self._people.put(f"{room.name}|{info.identity}", document)

    def remove(self, room: Room, info: ParticipantInfo, reason: DisconnectReason) -> None:
        """Remove somebody, or record that they left."""
        self._people.delete(f"{room.name}|{info.identity}")
        info.state = ParticipantInfo.State.DISCONNECTED
        info.disconnect_reason = reason
        if not self.people_in(room.name):
            self._store(room, empty_since=time.time(), was_used=True)
        self._tell("participant_left", room, participant=info)

    def publish(self, room: Room, info: ParticipantInfo, source: str) -> TrackInfo:
        """Store a track (camera, microphone, …) that a participant publishes."""
        sound = source.upper().startswith(("MICROPHONE", "SCREEN_SHARE_AUDIO"))
        track = TrackInfo(
            sid=new_sid("TR_"),
            type=TrackType.AUDIO if sound else TrackType.VIDEO,
            source=source.upper(),
            name=source.lower(),
            mime_type="audio/opus" if sound else "video/VP8",
        )
        info.tracks.append(track)
        info.is_publisher = True
        self.put_person(room, info)
        self._tell("track_published", room, participant=info, track=track)
        return track

    def _store(self, room: Room, empty_since: float | None, *, was_used: bool) -> None:
        kept = Room()
        kept.CopyFrom(room)
        kept.num_participants = 0
        kept.num_publishers = 0
        self._rooms.put(
            room.name,
            {"room": MessageToDict(kept), "empty_since": empty_since, "was_used": was_used},
        )

    def _tell(
        self,
        event: str,
        room: Room,
        participant: ParticipantInfo | None = None,
        track: TrackInfo | None = None,
    ) -> None:
        self._webhooks.send(
            WebhookEvent(
                event=event,
                room=room,
                participant=participant,
                track=track,
                id=new_sid("EV_"),
                created_at=int(time.time()),
            )
        )


def _permission(claims: Claims) -> ParticipantPermission:
    video = claims.video
    return ParticipantPermission(
        can_subscribe=video.get("canSubscribe", True),
        can_publish=video.get("canPublish", True),
        can_publish_data=video.get("canPublishData", True),
        can_update_metadata=video.get("canUpdateOwnMetadata", False),
        hidden=video.get("hidden", False),
        recorder=video.get("recorder", False),
    )
