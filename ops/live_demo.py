"""The second half of the demo: the creator goes live, and the buyer watches."""

import asyncio
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ops.broadcast import hosting, viewing
from ops.visitor import Refused, Visitor

_PREPARED_WITHIN_S: Final = 15 * 60
_LIVE_WITHIN_S: Final = 20.0
_SEEN_WITHIN_S: Final = 20.0
_COUNTED_FOR_S: Final = 3.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Watched:
    """What the buyer saw."""

    first_frame_ms: float
    """From joining with the gateway's token to the first frame."""
    frames: int


@dataclass(frozen=True, slots=True)
class LiveDemo:
    """A creator, a buyer, and their experience."""

    creator: Visitor
    fan: Visitor
    experience_id: str
    page: str
    """The page of the stream."""
    mailbox: str
    """The mailbox with the buyer's sign-in code."""

    async def run(self, for_s: float | None, say: Say) -> Watched | None:
        """Stay live for so long, or until Ctrl-C; returns None if there is no video server.

        Raises Refused and TimeoutError.
        """
        if not await self._can_go_live(say):
            return None
        stream = await self._ask(self.creator, "POST", "/streams")
        ended = _Ended()
        try:
            await self._until_live()
            return await self._show(for_s, say, ended)
        finally:
            ended.ignore()
            path = f"/api/streams/{stream['stream_id']}/end"
            await asyncio.to_thread(self.creator.call, "POST", path)
            say("the stream has ended")

    async def _show(self, for_s: float | None, say: Say, ended: "_Ended") -> Watched:
        host = await self._ticket(self.creator, "host")
        async with hosting(host) as closed:
            watched = await self._watch(_COUNTED_FOR_S if for_s is None else for_s, say, ended)
            if for_s is None and not ended.is_set():
                say(f"\nOn air until Ctrl-C: {self.page}")
                say(f"sign in as {self.fan.email}; the code comes to {self.mailbox}")
                await ended.wait(None, closed)
        return watched

    async def _watch(self, for_s: float, say: Say, ended: "_Ended") -> Watched:
        viewer = await self._ticket(self.fan, "viewer")
        async with viewing(viewer) as seen:
            async with asyncio.timeout(_SEEN_WITHIN_S):
                await seen.sees.wait()
            first_ms = seen.first_frame_ms or 0.0
            say(f"  → {'picture':7} {first_ms:7.1f} ms after the buyer joined")
            began = time.monotonic()
            await ended.wait(for_s)
            say(f"  → {'frames':7} {seen.frames:7} in {time.monotonic() - began:.1f} s")
            return Watched(first_ms, seen.frames)

    async def _can_go_live(self, say: Say) -> bool:
        give_up_at, said = time.monotonic() + _PREPARED_WITHIN_S, ""
        while time.monotonic() < give_up_at:
            video = await asyncio.to_thread(self.creator.call, "GET", "/api/video-server")
            if video["state"] == "ready":
                return True
            if video["state"] == "absent":
                say(
                    "\nThis system has no video server, so nobody goes live: `up` was started"
                    " with --no-video, or its log says what is missing."
                )
                return False
            if video["progress"] != said or not said:
                if not said:
                    say("\nThe video server is being prepared, once; the demo waits for it.")
                said = video["progress"] or "it is starting"
                say(f"  {said}")
            await asyncio.sleep(1)
        raise Refused(f"the video server was not ready within {_PREPARED_WITHIN_S // 60} minutes")

    async def _until_live(self) -> None:
        async with asyncio.timeout(_LIVE_WITHIN_S):
            # Other processes do what we wait for.
            while (await self._ask(self.creator, "GET", "/stream"))["state"] == "opening":  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def _ticket(self, who: Visitor, role: str) -> Any:
        return await self._ask(who, "POST", "/stream-token", {"role": role})

    async def _ask(self, who: Visitor, method: str, path: str, body: Any = None) -> Any:
        path = f"/api/experiences/{self.experience_id}{path}"
        return await asyncio.to_thread(who.call, method, path, body)


class _Ended:
    """Whether the stream was ended: by Ctrl-C or SIGTERM here, or elsewhere."""

    def __init__(self) -> None:
        self._told = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._told.set)

    def ignore(self) -> None:
        """Let a second Ctrl-C end the program at once again."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)

    def is_set(self) -> bool:
        """Return whether it was ended here."""
        return self._told.is_set()

    async def wait(self, for_s: float | None, *elsewhere: asyncio.Event) -> None:
        """Wait until the end, at most for so long."""
        waiting = [asyncio.create_task(each.wait()) for each in (self._told, *elsewhere)]
        await asyncio.wait(waiting, timeout=for_s, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
