"""The user's cache of programs: its folder, its lock, and its disk space."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

Say = Callable[[str], None]
FreeBytes = Callable[[Path], int]

SAY_EVERY_S: Final = 15.0
_LOOK_EVERY_S: Final = 0.2
_MB: Final = 1_000_000


class CannotPrepare(Exception):
    """A program can't be had here: one sentence with the reason and what to do."""


def folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return `backstage-pass` in the user's cache folder (`XDG_CACHE_HOME`, or `~/.cache`)."""
    given = environment.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "backstage-pass"


def free_bytes(path: Path) -> int:
    """Return the free space on the disk of an existing folder."""
    return shutil.disk_usage(path).free


@dataclass(frozen=True, slots=True)
class Workshop:
    """An empty folder in which its only owner prepares something."""

    folder: Path
    say: Say
    """Reports progress to the caller, and to everyone who waits for the same thing."""


@contextlib.contextmanager
def workshop(
    what: str, cache: Path, needs_mb: int, say: Say, free: FreeBytes = free_bytes
) -> Iterator[Workshop]:
    """Yield a folder in the cache in which `what` is prepared; it is removed in any case.

    One owner at a time: another one waits and repeats the first one's progress, then looks whether
    the work is done. Leftovers of a killed owner are removed first. Raises CannotPrepare.
    """
    making = cache / "making" / what.lower().replace(" ", "-").replace("'", "")
    with _only_maker(what, cache, making, say) as progress:
        _remove(making)
        left_mb = free(cache) // _MB
        if left_mb < needs_mb:
            raise CannotPrepare(
                f"{what} needs {needs_mb:,} MB in {cache} while it is being made, and"
                f" {left_mb:,} MB are free: make room, or set XDG_CACHE_HOME to a folder with room."
            )
        making.mkdir()
        try:
            yield Workshop(Path(tempfile.mkdtemp(dir=making)), _also_to(progress, say))
        except OSError as refused:
            raise CannotPrepare(
                f"{what} could not be made in {cache} ({refused.strerror or refused}): see to that"
                " folder, or set XDG_CACHE_HOME to another one."
            ) from refused
        finally:
            _remove(making)


@contextlib.contextmanager
def _only_maker(what: str, cache: Path, making: Path, say: Say) -> Iterator[TextIO]:
    try:
        making.parent.mkdir(parents=True, exist_ok=True)
        progress = making.with_suffix(".lock").open("a+")
    except OSError as refused:
        raise CannotPrepare(
            f"{what} can't be kept in {cache} ({refused.strerror}): make that folder writable, or"
            " set XDG_CACHE_HOME to one that is."
        ) from refused
    with progress:
        _wait_for_the_other(what, progress, say)
        yield progress


def _wait_for_the_other(what: str, progress: TextIO, say: Say) -> None:
    said_at = -SAY_EVERY_S
    while True:
        try:
            fcntl.flock(progress, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() - said_at >= SAY_EVERY_S:
                said_at = time.monotonic()
                progress.seek(0)
                say(f"another process prepares {what}: {progress.read() or 'it has just begun'}")
            time.sleep(_LOOK_EVERY_S)
        else:
            progress.truncate(0)
            return


def _also_to(progress: TextIO, say: Say) -> Say:
    def tell(line: str) -> None:
        progress.truncate(0)
        progress.write(line)
        progress.flush()
        say(line)

    return tell


def _remove(tree: Path) -> None:
    # Some tools make what they fetched read-only, folders included.
    for place, _, _ in os.walk(tree):
        with contextlib.suppress(OSError):
            os.chmod(place, 0o700)
    shutil.rmtree(tree, ignore_errors=True)
