"""The file from which the streaming service reads whether rooms can be opened."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from ops.up.data_folder import write_json


@dataclass(frozen=True, slots=True)
class VideoState:
    """Writes `ready`, `preparing` or `absent`, as the streaming service expects."""

    file: Path

    def ready(self) -> None:
        """Record that rooms can be opened."""
        self._write({"state": "ready"})

    def preparing(self, about_minutes: int | None = None, progress: str | None = None) -> None:
        """Record that the server is in preparation; without an estimate it only starts."""
        self._write({"state": "preparing", "about_minutes": about_minutes, "progress": progress})

    def absent(self) -> None:
        """Record that there is no server, and none will come before the next start."""
        self._write({"state": "absent"})

    def _write(self, state: dict[str, str | int | None]) -> None:
        # On a full disk the older state stays; live video continues.
        with contextlib.suppress(OSError):
            write_json(self.file, state)
