"""The disk space kept free so that work in progress can be completed."""

import asyncio
import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 1.0
_ROOM_AGAIN: Final = 1.25
"""Free space above the reserve before an alarm ends, so that it does not flap."""

UNTIL_ROOM: Final = (
    "New orders, sign-ups and streams are refused until there is room;"
    " what is being paid is completed."
)


class BadReserve(ValueError):
    """The setting names no folder or no size."""


@dataclass(frozen=True, slots=True)
class ReservedDisk:
    """A folder, and the megabytes to keep free on its disk."""

    folder: Path
    reserve_mb: int


def parse(setting: str) -> tuple[ReservedDisk, ...]:
    """Parse `/folder:MB,/folder:MB`; an empty setting means no disks. Raises BadReserve."""
    disks = []
    for part in filter(None, (each.strip() for each in setting.split(","))):
        folder, _, reserve_mb = part.rpartition(":")
        if not folder or not reserve_mb.isdigit():
            raise BadReserve(f"{part!r} is not FOLDER:MEGABYTES")
        disks.append(ReservedDisk(Path(folder), int(reserve_mb)))
    return tuple(disks)


def to_setting(disks: Sequence[ReservedDisk]) -> str:
    """Return what `parse` reads."""
    return ",".join(f"{disk.folder}:{disk.reserve_mb}" for disk in disks)


def free_mb_of(folder: Path) -> int:
    """Return the free megabytes on the folder's disk."""
    return shutil.disk_usage(folder).free // 1_000_000


class Reserve:
    """Knows which disks have less free space than their reserve."""

    def __init__(
        self, disks: Sequence[ReservedDisk], free_mb: Callable[[Path], int] = free_mb_of
    ) -> None:
        self._disks = disks
        self._free_mb = free_mb
        self._short: dict[Path, str] = {}
        self._unseen: set[Path] = set()

    @property
    def reason(self) -> str | None:
        """Return why no new work is accepted, or None while every disk has enough space."""
        return " ".join(self._short.values()) or None

    def has_room(self, folder: Path) -> bool:
        """Return whether the folder's disk had enough space at the last check."""
        return folder not in self._short

    def look(self) -> list[str]:
        """Check every disk; returns a sentence about each that has changed."""
        changes = []
        for disk in self._disks:
            try:
                free = self._free_mb(disk.folder)
            except OSError as unseen:
                if disk.folder not in self._unseen:
                    changes.append(f"The disk of {disk.folder} can't be looked at: {unseen}.")
                self._unseen.add(disk.folder)
                continue
            self._unseen.discard(disk.folder)
            changes += self._judge(disk, free)
        return changes

    def _judge(self, disk: ReservedDisk, free: int) -> list[str]:
        was_short = disk.folder in self._short
        if free < disk.reserve_mb * (_ROOM_AGAIN if was_short else 1):
            self._short[disk.folder] = (
                f"Only {free} MB are left on the disk of {disk.folder},"
                f" and {disk.reserve_mb} MB are kept in reserve."
            )
            return [] if was_short else [f"{self._short[disk.folder]} {UNTIL_ROOM}"]
        if was_short:
            del self._short[disk.folder]
            return [f"There is room again on the disk of {disk.folder}."]
        return []

    async def watch(self) -> None:
        """Check every second, for ever, and log changes."""
        while self._disks:
            for change in self.look():
                logger.warning("%s", change)
            await asyncio.sleep(_LOOK_EVERY_S)
