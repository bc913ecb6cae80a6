"""Where the person at the terminal means things to be."""

import contextlib
import os
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[1]
_RUNNING: Final = _ROOT / ".bp" / "running"


def data_path(given: Path | None) -> Path:
    """The folder that the person meant, seen from where they called `./bp`; else the checkout's."""
    if given is None:
        return _ROOT / "data"
    return Path(os.environ.get("BP_CALLED_FROM", ".")) / given


def data_path_of(port: int, given: Path | None) -> Path:
    """The folder that was given, else that of the system which this checkout runs on the port."""
    if given is None:
        with contextlib.suppress(OSError):
            return Path((_RUNNING / str(port)).read_text())
    return data_path(given)


def note_running(port: int, data: Path) -> None:
    """Remember for commands that only know the port on which folder a system runs there."""
    with contextlib.suppress(OSError):
        _RUNNING.mkdir(parents=True, exist_ok=True)
        (_RUNNING / str(port)).write_text(str(data.resolve()))


def forget_running(port: int) -> None:
    """It runs there no longer."""
    with contextlib.suppress(OSError):
        (_RUNNING / str(port)).unlink(missing_ok=True)
