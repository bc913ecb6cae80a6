"""The methods of LiveKit's RoomService and Egress, each with its required grant."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import Message
from livekit.protocol import egress as eg
from livekit.protocol import room as rm
from livekit.protocol.models import DisconnectReason, ParticipantInfo, Room

from sandbox.livekit.egress import Recordings
from sandbox.livekit.rooms import Rooms
from sandbox.livekit.tokens import Claims
from sandbox.livekit.twirp import TwirpProblem


class RoomService:
    """What a server may do with rooms and their participants."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def create_room(self, asked: rm.CreateRoomRequest) -> Room:
        """Create a room, or return the one with that name."""
        return self._rooms.create(asked)

    def list_rooms(self, asked: rm.ListRoomsRequest) -> rm.ListRoomsResponse:
        """Return the open rooms, or those of the given names."""
        names = set(asked.names)
        found = [room for room in self._rooms.all() if not names or room.name in names]
        return rm.ListRoomsResponse(rooms=found)

    def delete_room(self, asked: rm.DeleteRoomRequest) -> rm.DeleteRoomResponse:
        """Remove everybody and end the room."""
        self._rooms.close(self._room(asked.room))
        return rm.DeleteRoomResponse()

    def update_room_metadata(self, asked: rm.UpdateRoomMetadataRequest) -> Room:
        return self._rooms.put_metadata(self._room(asked.room), asked.metadata)

    def list_participants(self, asked: rm.ListParticipantsRequest) -> rm.ListParticipantsResponse:
        """Return a room's participants; an unknown room is simply empty."""
        return rm.ListParticipantsResponse(participants=self._rooms.people_in(asked.room))

    def get_participant(self, asked: rm.RoomParticipantIdentity) -> ParticipantInfo:
        return self._person(asked.room, asked.identity)

    def remove_participant(self, asked: rm.RoomParticipantIdentity) -> rm.RemoveParticipantResponse:
        person = self._person(asked.room, asked.identity)
        reason = DisconnectReason.PARTICIPANT_REMOVED
        self._rooms.remove(self._room(asked.room), person, reason)
        return rm.RemoveParticipantResponse()

    def mute_published_track(self, asked: rm.MuteRoomTrackRequest) -> rm.MuteRoomTrackResponse:
        """Mute a track.

        As with the real server, nobody answers for an absent participant, and the answer for an
        unknown track is empty.
        """
        person = self._rooms.person(asked.room, asked.identity)
        if person is None:
            raise TwirpProblem("unavailable", "no response from servers")
        for track in person.tracks:
            if track.sid == asked.track_sid:
                track.muted = asked.muted
                self._rooms.put_person(self._room(asked.room), person)
                return rm.MuteRoomTrackResponse(track=track)
        return rm.MuteRoomTrackResponse()

    def update_participant(self, asked: rm.UpdateParticipantRequest) -> ParticipantInfo:
        person = self._person(asked.room, asked.identity)
        if asked.metadata:
            person.metadata = asked.metadata
        if asked.name:
            person.name = asked.name
        if asked.HasField("permission"):
            person.permission.CopyFrom(asked.permission)
        for name, value in asked.attributes.items():
            person.attributes[name] = value
            if not value:
                del person.attributes[name]
        person.version += 1
        self._rooms.put_person(self._room(asked.room), person)
        return person

    def send_data(self, asked: rm.SendDataRequest) -> rm.SendDataResponse:
        """Send data to a room; without a media server it reaches nobody."""
        if self._rooms.find(asked.room) is None:
            raise TwirpProblem("unavailable", "no response from servers")
        return rm.SendDataResponse()

    def _room(self, name: str) -> Room:
        room = self._rooms.find(name)
        if room is None:
            raise TwirpProblem("not_found", "requested room does not exist")
        return room

    def _person(self, room: str, identity: str) -> ParticipantInfo:
        person = self._rooms.person(room, identity)
        if person is None:
            raise TwirpProblem("not_found", "participant does not exist")
        return person


@dataclass(frozen=True)
class Method:
    """One remote method: its request, its handler, and its required grant."""

    request: type[Message]
    answer: Callable[[Any], Message]
    allowed: Callable[[Claims, Any], bool]


def methods(rooms: Rooms, recordings: Recordings) -> dict[str, Method]:
    """Return every method by its path below `/twirp`."""
    service = RoomService(rooms)
    room = "livekit.RoomService"
    egress = "livekit.Egress"
    participant = rm.RoomParticipantIdentity
    return {
        f"{room}/CreateRoom": Method(rm.CreateRoomRequest, service.create_room, _CREATE),
        f"{room}/ListRooms": Method(rm.ListRoomsRequest, service.list_rooms, _LIST),
        f"{room}/DeleteRoom": Method(rm.DeleteRoomRequest, service.delete_room, _CREATE),
        f"{room}/UpdateRoomMetadata": Method(
            rm.UpdateRoomMetadataRequest, service.update_room_metadata, _ADMIN
        ),
        f"{room}/ListParticipants": Method(
            rm.ListParticipantsRequest, service.list_participants, _ADMIN
        ),
        f"{room}/GetParticipant": Method(participant, service.get_participant, _ADMIN),
        f"{room}/RemoveParticipant": Method(participant, service.remove_participant, _ADMIN),
        f"{room}/MutePublishedTrack": Method(
            rm.MuteRoomTrackRequest, service.mute_published_track, _ADMIN
        ),
        f"{room}/UpdateParticipant": Method(
            rm.UpdateParticipantRequest, service.update_participant, _ADMIN
        ),
        f"{room}/SendData": Method(rm.SendDataRequest, service.send_data, _ADMIN),
        f"{egress}/StartRoomCompositeEgress": Method(
            eg.RoomCompositeEgressRequest, recordings.start, _RECORD
        ),
        f"{egress}/StopEgress": Method(eg.StopEgressRequest, recordings.stop, _RECORD),
        f"{egress}/ListEgress": Method(eg.ListEgressRequest, recordings.list, _RECORD),
    }


def _create(claims: Claims, _: Message) -> bool:
    return claims.may("roomCreate")


def _list(claims: Claims, _: Message) -> bool:
    return claims.may("roomList")


def _record(claims: Claims, _: Message) -> bool:
    return claims.may("roomRecord")


def _admin(claims: Claims, asked: Any) -> bool:
    return claims.may_in("roomAdmin", asked.room)


_CREATE: Final = _create
_LIST: Final = _list
_RECORD: Final = _record
_ADMIN: Final = _admin
