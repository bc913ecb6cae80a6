"""Recording requests: accepted and stored; without media they end as failed."""

import time
from typing import Final

from google.protobuf.json_format import MessageToDict, ParseDict
from livekit.protocol.egress import (
    EgressInfo,
    EgressSourceType,
    EgressStatus,
    ListEgressRequest,
    ListEgressResponse,
    RoomCompositeEgressRequest,
    StopEgressRequest,
)
from livekit.protocol.webhook import WebhookEvent

from sandbox.livekit.rooms import Rooms, new_sid
from sandbox.livekit.twirp import TwirpProblem
from sandbox.livekit.webhooks import Webhooks
from sandbox.state import State

_NOTHING_RECORDED: Final = "this stand-in carries no media: nothing was recorded"
_RUNNING: Final = (EgressStatus.EGRESS_STARTING, EgressStatus.EGRESS_ACTIVE)


class Recordings:
    """The requested recordings."""

    def __init__(self, state: State, rooms: Rooms, webhooks: Webhooks) -> None:
        self._stored = state.collection("livekit.egress")
        self._rooms = rooms
        self._webhooks = webhooks

    def start(self, asked: RoomCompositeEgressRequest) -> EgressInfo:
        """Begin to record a room. Raises TwirpProblem for an unknown room or no output."""
        room = self._rooms.find(asked.room_name)
        if room is None:
            raise TwirpProblem("not_found", "requested room does not exist")
        outputs = (asked.file_outputs, asked.stream_outputs, asked.segment_outputs)
        if not any((*outputs, asked.image_outputs, asked.WhichOneof("output"))):
            raise TwirpProblem("invalid_argument", "request has missing or invalid field: output")
        now = time.time_ns()
        info = EgressInfo(
            egress_id=new_sid("EG_"),
            room_id=room.sid,
            room_name=room.name,
            source_type=EgressSourceType.EGRESS_SOURCE_TYPE_WEB,
            status=EgressStatus.EGRESS_ACTIVE,
            started_at=now,
            updated_at=now,
            room_composite=asked,
        )
        self._put(info, "egress_started")
        return info

    def stop(self, asked: StopEgressRequest) -> EgressInfo:
        """End a recording as failed, because there was nothing to record."""
        document = self._stored.get(asked.egress_id)
        if document is None:
            raise TwirpProblem("not_found", "egress does not exist")
        info = ParseDict(document, EgressInfo())
        if info.status not in _RUNNING:
            status = EgressStatus.Name(info.status)
            raise TwirpProblem(
                "failed_precondition", f"egress with status {status} cannot be stopped"
            )
        info.status = EgressStatus.EGRESS_FAILED
        info.error = _NOTHING_RECORDED
        info.ended_at = info.updated_at = time.time_ns()
        self._put(info, "egress_ended")
        return info

    def list(self, asked: ListEgressRequest) -> ListEgressResponse:
        """Return recordings by room, by id, or only those still running."""
        found = [ParseDict(document, EgressInfo()) for document in self._stored.all()]
        return ListEgressResponse(
            items=[
                info
                for info in found
                if asked.room_name in ("", info.room_name)
                and asked.egress_id in ("", info.egress_id)
                and (not asked.active or info.status in _RUNNING)
            ]
        )

    def _put(self, info: EgressInfo, event: str) -> None:
        self._stored.put(info.egress_id, MessageToDict(info))
        self._webhooks.send(
            WebhookEvent(
                event=event,
                egress_info=info,
                id=new_sid("EV_"),
                created_at=int(time.time()),
            )
        )
