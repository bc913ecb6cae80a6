"""The file in which the streaming service reads whether anybody can go live."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from ops.up.data_folder import write_json


@dataclass(frozen=True, slots=True)
class VideoState:
    """Says `ready`, `preparing` or `absent`, in the words of the streaming service."""

    file: Path

    def ready(self) -> None:
        """Rooms can be opened."""
        self._write({"state": "ready"})

    def preparing(self, about_minutes: int | None = None, progress: str | None = None) -> None:
        """The server is being made; without an estimate it merely starts."""
        self._write({"state": "preparing", "about_minutes": about_minutes, "progress": progress})

    def absent(self) -> None:
        """There is no server, and none will come before the next start."""
        self._write({"state": "absent"})

    def _write(self, state: dict[str, str | int | None]) -> None:
        # On a full disk the older state stays, which is no reason to end.
        with contextlib.suppress(OSError):
            write_json(self.file, state)
