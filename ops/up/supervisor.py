"""Starts processes in stages, keeps them alive, and ends them in order."""

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ops.up.child import Child, KeepsDying
from ops.up.console import Console
from ops.up.processes import Ends, Process

_T = TypeVar("_T")
_SAME_KEYSTROKE_S = 0.5


class ToldToStop(Exception):
    """Ctrl-C or SIGTERM arrived during the start."""


class Supervisor:
    """All children of one running system.

    Everything slow goes through `unless_stopped`, so that Ctrl-C, SIGTERM and a child that keeps
    dying end the start as well as the run.
    """

    def __init__(
        self,
        console: Console,
        changed: Callable[["Supervisor"], None],
        full_disk: Callable[[], Path | None] = lambda: None,
    ) -> None:
        self.children: list[Child] = []
        self._full_disk = full_disk
        self._console = console
        self._changed = changed
        self._keepers: list[asyncio.Task[None]] = []
        self._beside: list[asyncio.Task[None]] = []
        self._told_to_stop = asyncio.Event()
        self._first_told_at = 0.0

    def listen_for_signals(self) -> None:
        """End cleanly at the first SIGINT, SIGTERM or SIGHUP, and at once at the second."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop_soon)

    def stop_soon(self) -> None:
        """Begin to end; a second call kills what is left.

        A terminal and the program between it and us may both forward one keystroke.
        """
        now = time.monotonic()
        if not self._told_to_stop.is_set():
            self._first_told_at = now
            self._told_to_stop.set()
        elif now - self._first_told_at > _SAME_KEYSTROKE_S:
            for child in self.children:
                child.kill()

    async def start(self, processes: Sequence[Process]) -> None:
        """Start these together and return when all are ready."""
        stage = [
            Child(process, self._console, self._note_change, self._full_disk)
            for process in processes
        ]
        self.children += stage
        self._keepers += [asyncio.create_task(child.keep_alive()) for child in stage]
        started_at = time.monotonic()
        await self.unless_stopped(self._all_ready(stage, started_at))

    async def _all_ready(self, stage: list[Child], started_at: float) -> None:
        async def tell(child: Child) -> None:
            await child.ready.wait()
            took_s = time.monotonic() - started_at
            ready = sum(1 for other in self.children if other.ready.is_set())
            self._console.say(f"{child.name} is ready after {took_s:.1f} s ({ready} up)")

        await asyncio.gather(*(tell(child) for child in stage))

    async def keep_beside(self, process: Process, is_ready: Callable[[], None]) -> None:
        """Keep one alive that no other needs. Raises KeepsDying for it alone."""
        child = Child(process, self._console, self._note_change, self._full_disk)
        self.children.append(child)
        keeper = asyncio.create_task(child.keep_alive())
        self._beside.append(keeper)
        ready = asyncio.create_task(self._all_ready([child], time.monotonic()))
        try:
            await asyncio.wait({keeper, ready}, return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                is_ready()
            await asyncio.wait({keeper})
        finally:
            ready.cancel()
        keeper.result()

    async def unless_stopped(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Return the work's result, or raise ToldToStop or KeepsDying, whichever comes first."""
        task = asyncio.create_task(work)
        stop = asyncio.create_task(self._told_to_stop.wait())
        waited = {task, stop, *self._keepers}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        for keeper in self._keepers:
            if keeper.done() and not task.done():
                await _give_up(task)
                keeper.result()
        if not task.done():
            await _give_up(task)
            raise ToldToStop
        return task.result()

    async def run(self) -> None:
        """Watch over everything until told to stop."""
        await self.unless_stopped(asyncio.Event().wait())

    async def restart(self, name: str) -> None:
        """Have one process end and restart."""
        await asyncio.gather(*(child.restart() for child in self.children if child.name == name))

    async def stop(self) -> None:
        """End everything: services first, then their dependencies."""
        for stage in Ends:
            await asyncio.gather(*(child.stop() for child in self.children if child.ends is stage))
        await asyncio.gather(*self._keepers, *self._beside, return_exceptions=True)

    def _note_change(self) -> None:
        self._changed(self)


async def _give_up(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


__all__ = ["Ends", "KeepsDying", "Supervisor", "ToldToStop"]
