"""One process and its life: started, watched until ready, restarted when it dies."""

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import DEVNULL, STDOUT
from collections import deque
from collections.abc import Callable
from pathlib import Path

from ops.up.console import Console
from ops.up.health import is_ready
from ops.up.processes import Ends, Process

MOST_DEATHS = 5
WITHIN_S = 30.0
_PROBE_EVERY_S = 0.05
_FIRST_DELAY_S = 0.1
_LAST_WORDS_S = 0.5
_FULL_DELAY_S = 2.0


class KeepsDying(Exception):
    """A child died too often in a short time, or never became ready; the text is the sentence."""


class Child:
    """Keeps one process alive and forwards its lines.

    A ready process that was killed (SIGKILL) restarts at once, however often. One that ends by
    itself restarts after a growing pause, up to a limit. While a disk is full, no death counts: it
    is restarted until there is room.
    """

    def __init__(
        self,
        process: Process,
        console: Console,
        changed: Callable[[], None],
        full_disk: Callable[[], Path | None] = lambda: None,
    ) -> None:
        self.name = process.name
        self.ready = asyncio.Event()
        self.restarts = 0
        self._process = process
        self._console = console
        self._changed = changed
        self._running: asyncio.subprocess.Process | None = None
        self._full_disk = full_disk
        self._stopping = False
        self._restarting = False
        self._deaths: deque[float] = deque(maxlen=MOST_DEATHS)
        self._last_line = ""

    @property
    def pid(self) -> int | None:
        """Return the process id while it runs."""
        return self._running.pid if self._running is not None else None

    @property
    def ends(self) -> Ends:
        """Return its place in the order of ending."""
        return self._process.ends

    async def keep_alive(self) -> None:
        """Start it, and restart it whenever it dies, until it is told to stop."""
        while self._is_wanted():
            code = await self._run_once()
            was_ready = self.ready.is_set()
            self.ready.clear()
            self._changed()
            if not self._is_wanted():
                return
            await self._after_death(code, was_ready=was_ready)

    def _is_wanted(self) -> bool:
        return not self._stopping

    async def _run_once(self) -> int:
        read_end, write_end = os.pipe()
        try:
            self._running = await self._spawn(write_end)
        finally:
            os.close(write_end)
        self._changed()
        lines = asyncio.create_task(self._pass_lines_on(read_end))
        probe = asyncio.create_task(self._watch_until_ready(self._running))
        code = await self._running.wait()
        self._running = None
        # Its own children may hold the pipe open for longer than it lived.
        await asyncio.wait([lines], timeout=_LAST_WORDS_S)
        for task in (lines, probe):
            task.cancel()
        await asyncio.gather(lines, probe, return_exceptions=True)
        return code

    async def _spawn(self, output: int) -> asyncio.subprocess.Process:
        command = self._process.command
        try:
            return await asyncio.create_subprocess_exec(
                *command.full_argv(),
                **command.spawn_arguments(),
                stdin=DEVNULL,
                stdout=output,
                stderr=STDOUT,
            )
        except OSError as refused:
            raise KeepsDying(f"{self.name} could not be started: {refused.strerror}.") from refused

    async def _watch_until_ready(self, running: asyncio.subprocess.Process) -> None:
        deadline = time.monotonic() + self._process.patience_s
        while not await is_ready(self._process.is_ready):
            if time.monotonic() > deadline:
                self._last_line = f"it was not ready within {self._process.patience_s:.0f} s"
                running.kill()
                return
            await asyncio.sleep(_PROBE_EVERY_S)
        self.ready.set()
        self._changed()

    async def _pass_lines_on(self, read_end: int) -> None:
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", 0)
        )
        rest = b""
        try:
            while chunk := await reader.read(65536):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._show(line)
        finally:
            self._show(rest)
            transport.close()

    def _show(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        if not text or any(hidden in text for hidden in self._process.hides):
            return
        self._last_line = text
        self._console.line(self.name, text)

    async def _after_death(self, code: int, *, was_ready: bool) -> None:
        self.restarts += 1
        if self._restarting:
            self._restarting = False
            return
        if full := self._full_disk():
            self._console.say(
                f"{self.name} {_how(code)}, and the disk of {full} is full: make room;"
                f" starting it again in {_FULL_DELAY_S:.0f} s"
            )
            await asyncio.sleep(_FULL_DELAY_S)
            return
        if code == -signal.SIGKILL and was_ready:
            self._console.say(f"{self.name} was killed; starting it again")
            return
        now = time.monotonic()
        self._deaths.append(now)
        often = len(self._deaths) == MOST_DEATHS and now - self._deaths[0] < WITHIN_S
        if often:
            raise KeepsDying(
                f"{self.name} died {MOST_DEATHS} times within {WITHIN_S:.0f} s "
                f"({_how(code)}); its last line: {self._last_line}"
            )
        lately = sum(1 for death in self._deaths if now - death < WITHIN_S)
        delay_s = _FIRST_DELAY_S * 2 ** (lately - 1)
        self._console.say(f"{self.name} {_how(code)}; starting it again in {delay_s:.1f} s")
        await asyncio.sleep(delay_s)

    async def restart(self) -> None:
        """Have it end and restart at once; this counts as no death."""
        if self._running is not None and not self._stopping:
            self._restarting = True
            await self._end(self._running)

    async def stop(self) -> None:
        """Ask it to end, and kill it if it does not."""
        self._stopping = True
        if self._running is not None:
            await self._end(self._running)

    async def _end(self, running: asyncio.subprocess.Process) -> None:
        # PostgreSQL reads SIGINT as "end the connections, save, and exit"; SIGTERM waits for them.
        asked_by = signal.SIGINT if self.ends is Ends.LAST else signal.SIGTERM
        with contextlib.suppress(ProcessLookupError):
            running.send_signal(asked_by)
        try:
            async with asyncio.timeout(self._process.grace_s):
                await running.wait()
        except TimeoutError:
            self._console.say(f"{self.name} did not end in {self._process.grace_s:.0f} s; killed")
            _kill_group(running.pid)
            await running.wait()

    def kill(self) -> None:
        """Kill it with its own children."""
        self._stopping = True
        if self._running is not None:
            _kill_group(self._running.pid)


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _how(code: int) -> str:
    if code < 0:
        return f"died by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
