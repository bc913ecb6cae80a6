"""File systems of a few megabytes below a data folder, to be filled to the last block."""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SIZES_MB: Final = {"nats": 64, "postgres": 1600, "sandbox": 64}
"""Memory is used only for what is written; PostgreSQL keeps up to 512 MB of its log."""
_SOURCE: Final = "backstage-chaos-"
_BLOCK: Final = b"\0" * 4096
_MANY_BLOCKS: Final = _BLOCK * 256
_REFILL_EVERY_S: Final = 0.01


class NotAllowed(Exception):
    """This account may not mount a file system; the text is the sentence about it."""


@dataclass
class AfterFull:
    """The outcome of the first purchase after a full disk had room again."""

    whole_after_s: float | None = None
    broken: list[str] = field(default_factory=list)


class SmallDisks:
    """A disk of its own for NATS, for PostgreSQL and for the stand-ins, as links in the folder."""

    def __init__(self, data: Path) -> None:
        # Outside of pytest's folders, whose removal would fail at the disks of a killed run.
        self._folder = Path(tempfile.mkdtemp(prefix="backstage-disks-"))
        self._data = data
        self._mounted: list[Path] = []
        self.refusal: str | None = None
        """Return why there are none, in a sentence."""

    def mount(self) -> None:
        """Create the disks and link them into the empty data folder, where that is allowed."""
        _unmount_leftovers()
        try:
            self._mount_all()
        except NotAllowed as refused:
            self.refusal = str(refused)

    def _mount_all(self) -> None:
        for name, size_mb in SIZES_MB.items():
            disk = self._folder / name
            disk.mkdir(parents=True)
            _mount(disk, size_mb)
            self._mounted.append(disk)
            (self._data / name).symlink_to(disk / name)

    def unmount(self) -> None:
        """Remove the disks with all that is on them."""
        while self._mounted:
            _unmount(self._mounted.pop())
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def full(self, names: Sequence[str]) -> Iterator[None]:
        """Keep not one block free on these disks, whatever their programs delete meanwhile.

        Raises NotAllowed.
        """
        if self.refusal is not None:
            raise NotAllowed(self.refusal)
        room_again = threading.Event()
        fillers = [
            threading.Thread(target=_fill, args=(self._folder / name, room_again)) for name in names
        ]
        for filler in fillers:
            filler.start()
        try:
            yield
        finally:
            room_again.set()
            for filler in fillers:
                filler.join()

    @contextmanager
    def nearly_full(self, name: str, left_mb: int) -> Iterator[None]:
        """Leave only so many megabytes on one disk. Raises NotAllowed."""
        if self.refusal is not None:
            raise NotAllowed(self.refusal)
        ballast = self._folder / name / "ballast"
        size = shutil.disk_usage(ballast.parent).free - left_mb * 1_000_000
        try:
            with ballast.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, size)
            yield
        finally:
            ballast.unlink(missing_ok=True)


def _mount(disk: Path, size_mb: int) -> None:
    options = f"size={size_mb}m,mode=755"
    command = ["mount", "-t", "tmpfs", "-o", options, f"{_SOURCE}{os.getpid()}", str(disk)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        raise NotAllowed("No disk was filled: there is no `mount` on this machine.") from None
    if done.returncode != 0:
        raise NotAllowed("No disk was filled: this account may not mount a small file system.")


def _unmount(disk: Path) -> None:
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _unmount_leftovers() -> None:
    """Remove the disks of killed runs."""
    mounts = Path("/proc/mounts")
    for line in mounts.read_text().splitlines() if mounts.exists() else ():
        source, disk, *_ = line.split(" ")
        pid = source.removeprefix(_SOURCE)
        if source.startswith(_SOURCE) and not Path("/proc", pid).exists():
            _unmount(Path(disk))
            shutil.rmtree(Path(disk).parent, ignore_errors=True)


def _fill(disk: Path, room_again: threading.Event) -> None:
    ballast = disk / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file:
            while not room_again.is_set():
                for piece in (_MANY_BLOCKS, _BLOCK):
                    _write_until_full(file.fileno(), piece)
                time.sleep(_REFILL_EVERY_S)
    finally:
        ballast.unlink(missing_ok=True)


def _write_until_full(file: int, piece: bytes) -> None:
    try:
        while os.write(file, piece) == len(piece):
            pass
    except OSError:
        return
