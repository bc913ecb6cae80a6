"""A stream through LiveKit's own client: a host with a moving picture, a viewer who counts."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ops.moving_picture import FRAMES_PER_S, HEIGHT, WIDTH, picture

if TYPE_CHECKING:
    from livekit import rtc

Ticket = Mapping[str, Any]
"""The URL and the token that the gateway issued for one room and one person."""


@dataclass
class Viewing:
    """What a viewer has seen so far."""

    joined_at: float = field(default_factory=time.monotonic)
    first_frame_ms: float | None = None
    """From joining to the first frame."""
    frames: int = 0
    sees: asyncio.Event = field(default_factory=asyncio.Event)

    def count(self) -> None:
        """Count one more frame."""
        if self.first_frame_ms is None:
            self.first_frame_ms = (time.monotonic() - self.joined_at) * 1000
        self.frames += 1
        self.sees.set()


@contextlib.asynccontextmanager
async def hosting(ticket: Ticket) -> AsyncIterator[asyncio.Event]:
    """Publish the moving picture; the event is set when somebody else closes the room."""
    from livekit import rtc  # noqa: PLC0415 - 100 MB that only the demo needs

    closed = asyncio.Event()
    async with _entered(ticket, on_end=closed.set) as room:
        source = rtc.VideoSource(WIDTH, HEIGHT)
        track = rtc.LocalVideoTrack.create_video_track("moving picture", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA)
        await room.local_participant.publish_track(track, options)
        drawing = asyncio.create_task(_draw(source))
        try:
            yield closed
        finally:
            drawing.cancel()
            await asyncio.gather(drawing, return_exceptions=True)
            await source.aclose()


async def _draw(source: "rtc.VideoSource") -> None:
    from livekit import rtc  # noqa: PLC0415 - see above

    number, due_at = 0, time.monotonic()
    while True:
        clock = datetime.now().astimezone().strftime("%H:%M:%S")
        drawn = picture(number, clock)
        source.capture_frame(rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.I420, drawn))
        number, due_at = number + 1, due_at + 1 / FRAMES_PER_S
        await asyncio.sleep(max(0.0, due_at - time.monotonic()))


@contextlib.asynccontextmanager
async def viewing(ticket: Ticket) -> AsyncIterator[Viewing]:
    """Count the arriving frames, as long as the context lasts."""
    from livekit import rtc  # noqa: PLC0415 - see above

    seen = Viewing()
    counting: list[asyncio.Task[None]] = []

    def subscribed(track: "rtc.Track", *_: Any) -> None:
        if track.kind == rtc.TrackKind.KIND_VIDEO:
            counting.append(asyncio.create_task(_count(track, seen)))

    async with _entered(ticket, on_track=subscribed):
        try:
            yield seen
        finally:
            for task in counting:
                task.cancel()
            await asyncio.gather(*counting, return_exceptions=True)


async def _count(track: "rtc.Track", seen: Viewing) -> None:
    from livekit import rtc  # noqa: PLC0415 - see above

    frames = rtc.VideoStream(track)
    try:
        async for _ in frames:
            seen.count()
    finally:
        await frames.aclose()


@contextlib.asynccontextmanager
async def _entered(
    ticket: Ticket, on_track: Any = lambda *_: None, on_end: Any = lambda: None
) -> AsyncIterator["rtc.Room"]:
    from livekit import rtc  # noqa: PLC0415 - see above

    room = rtc.Room()
    room.on("track_subscribed", on_track)
    room.on("disconnected", lambda *_: on_end())
    await room.connect(ticket["url"], ticket["token"])
    try:
        yield room
    finally:
        await room.disconnect()
