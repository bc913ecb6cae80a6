"""The disks of a running system: their reserves, their alerts, and the deaths that they excuse."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from libs.runtime.messaging.smtp import MailNotTaken, MailRefused, SmtpServer
from libs.runtime.reserve import UNTIL_ROOM, Reserve, ReservedDisk, free_mb_of
from ops.up.console import Console
from ops.up.data_folder import DataFolder
from ops.up.refusals import CannotStart

RESERVE_MB: Final = 300
"""Completes about 3,500 open orders: 85 KB each over all services (docs/operations.md)."""
_LOOK_EVERY_S: Final = 1.0
_FULL_MB: Final = 20
"""PostgreSQL needs 16 MB at once for the next file of its log."""
_MAIL_EVERY_S: Final = 60.0


def reserved(data: DataFolder, ours: Mapping[str, str]) -> tuple[ReservedDisk, ...]:
    """The data folder and its parts; each may be on a disk of its own."""
    given = ours.get("DISK_RESERVE_MB") or str(RESERVE_MB)
    if not given.isdigit():
        raise CannotStart(f"DISK_RESERVE_MB is {given!r}, and must be a number of megabytes.")
    folders = (data.path, data.postgres, data.nats, data.sandbox)
    return tuple(ReservedDisk(folder, int(given)) for folder in folders)


class Disks:
    """Watches the disks, and alerts the terminal and the operators once per episode."""

    def __init__(
        self,
        console: Console,
        data: DataFolder,
        ours: Mapping[str, str],
        smtp_url: Callable[[], str | None],
    ) -> None:
        self._console = console
        self._folders = reserved(data, ours)
        self._reserve = Reserve(self._folders)
        self._letter = Letter(
            data.path / "disk-low.json",
            ours.get("OPERATORS_EMAIL") or None,
            ours.get("MAIL_FROM") or "Backstage Pass <no-reply@localhost>",
            smtp_url,
        )

    def has_room(self, folder: Path) -> bool:
        """Return whether this folder's disk has more than its reserve."""
        self._look()
        return self._reserve.has_room(folder)

    def short_of_room(self) -> str | None:
        """Return a disk below its reserve, with its free space."""
        for disk in self._folders:
            with contextlib.suppress(OSError):
                if (free := free_mb_of(disk.folder)) < disk.reserve_mb:
                    return f"{free} MB are left on the disk of {disk.folder}"
        return None

    def full(self) -> Path | None:
        """Return a folder on whose disk nothing can be written, or None."""
        return next((disk.folder for disk in self._folders if _is_full(disk.folder)), None)

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            self._look()
            for unsent in await asyncio.to_thread(self._letter.about, self._reserve.reason):
                self._console.say(unsent)
            await asyncio.sleep(_LOOK_EVERY_S)

    def _look(self) -> None:
        for change in self._reserve.look():
            self._console.say(change)


def _is_full(folder: Path) -> bool:
    try:
        return free_mb_of(folder) < _FULL_MB
    except OSError:
        return False


class Letter:
    """One mail to the operators per episode, even across restarts.

    The note of an episode is written while the reserve still has room for it.
    """

    def __init__(
        self, note: Path, to: str | None, sender: str, smtp_url: Callable[[], str | None]
    ) -> None:
        self._note = note
        self._to = to
        self._sender = sender
        self._smtp_url = smtp_url
        self._sent = note.exists()
        self._next_try = 0.0

    def about(self, reason: str | None) -> list[str]:
        """Mail the reason if this episode is new; returns a sentence for each failure."""
        if reason is None:
            self._forget()
            return []
        url, now = self._smtp_url(), time.monotonic()
        if self._sent or self._to is None or url is None or now < self._next_try:
            return []
        self._next_try = now + _MAIL_EVERY_S
        try:
            SmtpServer(url).send(self._mail(self._to, reason))
        except (MailNotTaken, MailRefused) as not_sent:
            return [f"The operators could not be mailed: {not_sent}."]
        self._sent = True
        try:
            self._note.write_text(json.dumps({"mailed": reason}))
        except OSError:
            return [f"There is no room for {self._note.name}: a restart mails the operators again."]
        return []

    def _forget(self) -> None:
        if self._sent:
            self._note.unlink(missing_ok=True)
        self._sent, self._next_try = False, 0.0

    def _mail(self, to: str, reason: str) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"] = self._sender, to
        mail["Subject"] = "Backstage Pass: a disk is nearly full"
        mail.set_content(
            f"{reason}\n\n{UNTIL_ROOM}\n\nMake room on that disk; nothing has to be"
            " restarted. `backstage lag` shows what is held up."
        )
        return mail
