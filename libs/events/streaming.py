"""Public events of the streaming service."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from libs.events.contract import Contract


class StreamWentLive(Contract):
    """A host published the first track in an experience; `recording` says whether it is
    recorded."""

    type: ClassVar[str] = "streaming.stream_went_live.v1"
    stream_id: UUID
    experience_id: UUID
    space_id: UUID
    started_at: AwareDatetime
    recording: bool


class StreamEnded(Contract):
    """The stream ended."""

    type: ClassVar[str] = "streaming.stream_ended.v1"
    stream_id: UUID
    experience_id: UUID
    space_id: UUID
    ended_at: AwareDatetime
    cause: str
