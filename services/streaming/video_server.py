"""The state of our video server, as its operator reports it."""

import json
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from services.streaming.provider import VideoServer, VideoServerState

_READY = VideoServerState("ready")


@dataclass(frozen=True, slots=True)
class AnnouncedVideoServer(VideoServer):
    """Reads the state file that `up` writes; an external server has none and counts as ready."""

    file: Path | None

    @override
    def state(self) -> VideoServerState:
        if self.file is None:
            return _READY
        try:
            return VideoServerState(**json.loads(self.file.read_text()))
        except FileNotFoundError:
            return _READY
