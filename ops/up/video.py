"""Live video on this machine: LiveKit's server found, or prepared while all else runs."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from pathlib import Path
from typing import Final

from ops.programs import compiled
from ops.programs.compiled import LIVEKIT
from ops.up.child import KeepsDying
from ops.up.command import Command
from ops.up.console import Console
from ops.up.livekit import LiveKit
from ops.up.processes import Ends, Process
from ops.up.supervisor import Supervisor
from ops.up.video_state import VideoState

_ROOT: Final = Path(__file__).parents[2]
_ABOUT_MINUTES: Final = 4
"""LiveKit 1.13.5 took 5.7 minutes of one core; most machines have two or more."""
_STARTS_WITHIN_S: Final = 10.0
_CLEARS_UP_WITHIN_S: Final = 5.0


class Video:
    """Keeps LiveKit's server alive, and has it compiled first where it is missing.

    Everything else works without it: a failure here ends only live video.
    """

    def __init__(self, livekit: LiveKit, state: VideoState, console: Console) -> None:
        self._livekit = livekit
        self._state = state
        self._console = console
        self._settled = asyncio.Event()

    async def run(self, supervisor: Supervisor, rest_is_ready: asyncio.Event) -> None:
        """Start the server, at once if it is there, and watch over it."""
        self._state.preparing()
        try:
            program = await asyncio.to_thread(compiled.find, LIVEKIT)
            if program is None:
                self._state.preparing(_ABOUT_MINUTES)
                self._settled.set()
                await rest_is_ready.wait()
                program = await self._prepared()
            await supervisor.keep_beside(self._process(program), self._is_ready)
        except (_NotPrepared, KeepsDying, OSError) as why:
            self._state.absent()
            self._console.say(str(why))
            self._console.say("there is no live video until the next start; everything else works")
        finally:
            self._settled.set()

    async def started(self) -> None:
        """Return once a server that was found is ready, or will not be soon."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STARTS_WITHIN_S):
                await self._settled.wait()

    def _is_ready(self) -> None:
        self._state.ready()
        self._settled.set()

    def _process(self, program: Path) -> Process:
        return Process(
            "livekit",
            self._livekit.command(program),
            self._livekit.ready_url(),
            Ends.AFTER_SERVICES,
            # Asked to end, it waits until the last viewer has left.
            grace_s=1.0,
        )

    async def _prepared(self) -> Path:
        self._console.say(
            f"this machine has no LiveKit server yet: one is prepared in the background, about"
            f" {_ABOUT_MINUTES} minutes, once; everything but live video works meanwhile"
        )
        code, last_line = await self._prepare()
        if code < 0:
            raise _NotPrepared(
                f"{LIVEKIT.called} could not be prepared: it was ended by"
                f" {signal.Signals(-code).name}. Start `up` again, or put {LIVEKIT.name} on the"
                " PATH."
            )
        found = await asyncio.to_thread(compiled.find, LIVEKIT)
        if code > 0 or found is None:
            raise _NotPrepared(last_line or f"{LIVEKIT.called} could not be prepared.")
        return found

    async def _prepare(self) -> tuple[int, str]:
        """Compile it in a process that ends with ours; returns its exit code and last line."""
        command = Command(
            (sys.executable, "-m", "ops.programs", LIVEKIT.name),
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            cwd=_ROOT,
            dies_with_parent_by=signal.SIGTERM,
        )
        process = await asyncio.create_subprocess_exec(
            *command.argv, **command.spawn_arguments(), stdin=DEVNULL, stdout=PIPE, stderr=STDOUT
        )
        line = ""
        try:
            async for raw in process.stdout or asyncio.StreamReader():
                line = raw.decode(errors="replace").strip()
                self._console.line("video", line)
                self._state.preparing(_ABOUT_MINUTES, line)
            return await process.wait(), line
        finally:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Let it remove partial files; its compiler ends with it in any case."""
    for end in (process.terminate, process.kill):
        with contextlib.suppress(ProcessLookupError, TimeoutError):
            end()
            async with asyncio.timeout(_CLEARS_UP_WITHIN_S):
                await process.wait()
                return


class _NotPrepared(Exception):
    """Record that the server can't be had here, with the reason and what to do."""
