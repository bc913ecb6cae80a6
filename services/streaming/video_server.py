"""What whoever runs our video server says about it."""

import json
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from services.streaming.provider import VideoServer, VideoServerState

_READY = VideoServerState("ready")


@dataclass(frozen=True, slots=True)
class AnnouncedVideoServer(VideoServer):
    """Reads the file in which `up` keeps the state; a server that others run has no such file."""

    file: Path | None

    @override
    def state(self) -> VideoServerState:
        if self.file is None:
            return _READY
        try:
            return VideoServerState(**json.loads(self.file.read_text()))
        except FileNotFoundError:
            return _READY
