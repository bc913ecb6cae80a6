"""The connection to NATS, which may lose everything: the stores refill it."""

import asyncio
import logging
import os
import signal
from typing import Final

import nats
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import NotFoundError

from libs.events.contract import stream_of, subjects_of

logger = logging.getLogger(__name__)

DUPLICATE_WINDOW_S: Final = 120.0


async def connect(url: str, name: str) -> Client:
    """Connect and reconnect for ever, without sending failed publishes later.

    `pending_size=0`: otherwise a publish that timed out is still sent after the reconnect. A ping
    every 10 s finds a dead peer; the default takes two intervals of 2 min.
    """
    return await nats.connect(
        url,
        name=name,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.25,
        ping_interval=10,
        max_outstanding_pings=2,
        pending_size=0,
        connect_timeout=5,
        error_cb=_report,
        closed_cb=_end_process,
    )


async def _report(error: Exception) -> None:
    logger.warning("nats: %s", repr(error))


async def _end_process() -> None:
    """End the process: a closed client never reconnects, and the supervisor starts a new one."""
    if not _closing.is_set():
        logger.error("The NATS connection is closed for good; the process ends.")
        os.kill(os.getpid(), signal.SIGTERM)


_closing = asyncio.Event()


async def close(client: Client) -> None:
    """Close the connection on purpose."""
    _closing.set()
    try:
        await client.close()
    finally:
        _closing.clear()


async def ensure_stream(js: JetStreamContext, service: str, replicas: int = 1) -> StreamInfo:
    """Create the stream of a service if it is missing."""
    try:
        return await js.stream_info(stream_of(service))
    except NotFoundError:
        return await js.add_stream(
            StreamConfig(
                name=stream_of(service),
                subjects=[subjects_of(service)],
                storage=StorageType.FILE,
                retention=RetentionPolicy.LIMITS,
                discard=DiscardPolicy.NEW,
                duplicate_window=DUPLICATE_WINDOW_S,
                num_replicas=replicas,
            )
        )
