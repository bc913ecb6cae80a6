"""Folders that the person at the terminal means."""

import contextlib
import os
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[1]
_RUNNING: Final = _ROOT / ".bp" / "running"


def data_path(given: Path | None) -> Path:
    """Return the given folder, relative to where they called `./bp`; by default the checkout's."""
    if given is None:
        return _ROOT / "data"
    return Path(os.environ.get("BP_CALLED_FROM", ".")) / given


def data_path_of(port: int, given: Path | None) -> Path:
    """Return the given folder, or the data folder of this checkout's system on the port."""
    if given is None:
        with contextlib.suppress(OSError):
            return Path((_RUNNING / str(port)).read_text())
    return data_path(given)


def note_running(port: int, data: Path) -> None:
    """Remember on which folder the system of a port runs, for commands that know only the port."""
    with contextlib.suppress(OSError):
        _RUNNING.mkdir(parents=True, exist_ok=True)
        (_RUNNING / str(port)).write_text(str(data.resolve()))


def forget_running(port: int) -> None:
    """Forget the system of a port."""
    with contextlib.suppress(OSError):
        (_RUNNING / str(port)).unlink(missing_ok=True)
