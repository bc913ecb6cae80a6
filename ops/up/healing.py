"""Restarts NATS if its streams store nothing although its disk has room.

A JetStream stream that once failed to store a message refuses every later one until the server
restarts (nats-server issue 7654). The relays time out, while the server answers everything else.
"""

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from ops.up.console import Console

_LOOK_EVERY_S: Final = 1.0
_PAUSES_S: Final = (0.0, 15.0, 60.0)
"""The pauses before the first, second and third restart; there is no fourth within the window."""
WINDOW_S: Final = 600.0
_WRITE_ERROR: Final = "write error"


class StreamsHealing:
    """Checks NATS every second; restarts it at most three times in ten minutes."""

    def __init__(
        self,
        console: Console,
        ails: Callable[[], str | None],
        has_room: Callable[[], bool],
        restart: Callable[[], Awaitable[None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._ails = ails
        self._has_room = has_room
        self._restart = restart
        self._clock = clock
        self._restarts: deque[float] = deque(maxlen=len(_PAUSES_S))
        self._gave_up = False

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_EVERY_S)

    async def look(self) -> None:
        """Restart NATS if it needs that, there is room, and it is time."""
        ailment = await asyncio.to_thread(self._ails)
        if ailment is None or not self._has_room():
            return
        now = self._clock()
        while self._restarts and now - self._restarts[0] > WINDOW_S:
            self._restarts.popleft()
        if len(self._restarts) == len(_PAUSES_S):
            self._give_up(ailment)
            return
        if self._restarts and now - self._restarts[-1] < _PAUSES_S[len(self._restarts)]:
            return
        self._gave_up = False
        self._restarts.append(now)
        self._console.say(f"nats stores nothing although there is room: restarting it ({ailment})")
        await self._restart()

    def _give_up(self, ailment: str) -> None:
        if not self._gave_up:
            self._console.say(
                f"nats still stores nothing after {len(_PAUSES_S)} restarts in"
                f" {WINDOW_S / 60:.0f} minutes ({ailment}): look at its disk and its log."
            )
        self._gave_up = True


def ailment_of(monitor_port: int, health_urls: Sequence[str]) -> str | None:
    """Return what keeps NATS from storing although it answers, or None.

    Either a stream names a write error. Or a service's outbox has waited too long, and its relay
    gets no answer from a server that reports itself healthy.
    """
    monitor_url = f"http://127.0.0.1:{monitor_port}"
    if error := write_error_of(monitor_url):
        return error
    answered = _get(f"{monitor_url}/healthz")
    if answered is None or answered[0] != 200:
        return None
    for url in health_urls:
        found = _get(url)
        if found is not None and (silence := _silence_of(found[1])):
            return silence
    return None


def write_error_of(monitor_url: str) -> str | None:
    """Return the write error that a stream reports (nats-server 2.14 and newer)."""
    answered = _get(f"{monitor_url}/healthz")
    if answered is None or answered[0] == 200 or _WRITE_ERROR not in answered[1]:
        return None
    return _error_of(answered[1])


def _error_of(said: str) -> str:
    try:
        return str(json.loads(said)["error"])
    except (ValueError, KeyError, TypeError):
        return said.strip()


def _silence_of(said: str) -> str | None:
    try:
        outbox = json.loads(said)["outbox"]
        return f"{outbox['reason']}" if outbox["reason"] and outbox["unheard"] else None
    except (ValueError, KeyError, TypeError):
        return None


def _get(url: str) -> tuple[int, str] | None:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode(errors="replace")
    except (OSError, ValueError):
        return None
