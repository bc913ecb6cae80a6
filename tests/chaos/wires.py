"""A connection between the services and their dependencies, to be cut, frozen and slowed down.

It is a proxy of our own, because the worst cuts depend on the content: the answer to a COMMIT, the
answer to the next request. A cut connection never speaks again: both ends see a reset.
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

_CHUNK = 65536
_SLOW_S = 0.1
# PostgreSQL's answer to COMMIT: CommandComplete, eleven bytes long.
_COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"


class WireFault(StrEnum):
    """The faults of a connection."""

    CUT = "cut"
    """Every connection is reset, and no new one is accepted."""
    STALL = "stall"
    """Nothing passes for a while; then everything does."""
    SLOW = "slow"
    """Every piece takes 0.1 s longer."""
    HALF_OPEN = "half_open"
    """Data is swallowed; the affected connections are reset at the end."""
    CUT_AFTER_COMMIT = "cut_after_commit"
    """PostgreSQL has committed, and the client never gets the answer."""
    CUT_ANSWER = "cut_answer"
    """The request arrives, the answer does not."""


@dataclass(eq=False)
class _Link:
    """One connection through the proxy."""

    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    asked: bool = False
    """A request was made since the fault began."""
    swallowed: bool = False

    def reset(self) -> None:
        for writer in self.writers:
            writer.transport.abort()


class Wire:
    """Forwards TCP from a port of its own to another port of this machine."""

    def __init__(self, name: str, port: int, upstream: int) -> None:
        self.name = name
        self.port = port
        self.hits = 0
        """How often the present fault has struck."""
        self._upstream = upstream
        self._fault: WireFault | None = None
        self._most_hits = 0
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._mended: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()
        self._call(self._listen()).result(10)

    def stop(self) -> None:
        """Reset all connections and stop listening."""
        self._call(self._end()).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def break_it(self, fault: WireFault, most_hits: int = 1_000_000) -> None:
        """Begin a fault; those that cut an answer do so `most_hits` times."""
        self._call(self._begin(fault, most_hits)).result(10)

    def mend(self) -> None:
        """End the fault."""
        self._call(self._finish()).result(10)

    def _call(self, work: Coroutine[Any, Any, None]) -> "Future[None]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _listen(self) -> None:
        self._mended = asyncio.Event()
        self._mended.set()
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)

    async def _end(self) -> None:
        self._server.close()
        await self._finish()
        for link in list(self._links):
            link.reset()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _begin(self, fault: WireFault, most_hits: int) -> None:
        self.hits, self._most_hits, self._fault = 0, most_hits, fault
        for link in self._links:
            link.asked = False
        if self._mended is not None:
            self._mended.clear()
        if fault is WireFault.CUT:
            for link in list(self._links):
                self.hits += 1
                link.reset()

    async def _finish(self) -> None:
        self._fault = None
        if self._mended is not None:
            self._mended.set()
        for link in [one for one in self._links if one.swallowed]:
            link.reset()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._fault is WireFault.CUT:
            self.hits += 1
            writer.transport.abort()
            return
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        except OSError:
            writer.transport.abort()
            return
        link = _Link([writer, up_writer])
        self._links.add(link)
        try:
            await asyncio.gather(
                self._pump(link, reader, up_writer, asks=True),
                self._pump(link, up_reader, writer, asks=False),
            )
        finally:
            self._links.discard(link)
            link.reset()

    async def _pump(
        self,
        link: _Link,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        *,
        asks: bool,
    ) -> None:
        try:
            while chunk := await source.read(_CHUNK):
                if not await self._passes(link, chunk, asks=asks):
                    continue
                target.write(chunk)
                await target.drain()
            target.write_eof()
        except (OSError, RuntimeError):
            link.reset()

    async def _passes(self, link: _Link, chunk: bytes, *, asks: bool) -> bool:
        fault = self._fault
        if fault is None or fault is WireFault.CUT:
            return True
        if fault in {WireFault.STALL, WireFault.SLOW}:
            self.hits += 1
            await self._wait(fault)
            return True
        if fault is WireFault.HALF_OPEN:
            self.hits += 1
            link.swallowed = True
            return False
        return self._answer_passes(link, fault, chunk, asks=asks)

    async def _wait(self, fault: WireFault) -> None:
        if fault is WireFault.SLOW:
            await asyncio.sleep(_SLOW_S)
        elif self._mended is not None:
            await self._mended.wait()

    def _answer_passes(self, link: _Link, fault: WireFault, chunk: bytes, *, asks: bool) -> bool:
        if asks:
            link.asked = True
            return True
        after_commit = fault is WireFault.CUT_AFTER_COMMIT
        struck = _COMMITTED in chunk if after_commit else link.asked
        if not struck or self.hits >= self._most_hits:
            return True
        self.hits += 1
        link.reset()
        return False
