"""Pulling a durable consumer's messages without ever falling silent.

The client library's `fetch` sleeps until its timeout when the server dies, and waits for a full
batch. Here one pull request is always open. The server's idle heartbeats prove it; when they stop,
a new request is made.
"""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

BATCH: Final = 64
_EXPIRES_S: Final = 5
_HEARTBEAT_S: Final = 1
_SILENCE_S: Final = 3.0
_NANO: Final = 1_000_000_000
_REQUEST: Final = json.dumps(
    {
        "batch": BATCH,
        "expires": _EXPIRES_S * _NANO,
        "idle_heartbeat": _HEARTBEAT_S * _NANO,
    }
).encode()
_HEARTBEAT_STATUS: Final = "100"


class PullSubscription:
    """Keeps a pull request open; `deliver` gets each message in the stream's order.

    It ends with its connection. Messages in flight on a broken connection are lost for now, while
    the open request may survive: the next message would overtake a lost one.
    """

    def __init__(
        self, client: Client, stream: str, durable: str, deliver: Callable[[Msg], None]
    ) -> None:
        self._client = client
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._deliver = deliver
        self._inbox = ""
        self._subscription: Subscription | None = None
        self._received = 0
        self._heard_at = 0.0
        self._over = asyncio.Event()
        self._connection = self._connected_times

    @property
    def _connected_times(self) -> int:
        return self._client.stats["reconnects"]

    async def pull(self) -> None:
        """Request a batch and return when it has arrived or the request has ended.

        Raises ConnectionError if the server fell silent or was reconnected.
        """
        if self._subscription is None:
            self._inbox = self._client.new_inbox()
            self._subscription = await self._client.subscribe(self._inbox, cb=self._on_message)
        self._received = 0
        self._over.clear()
        self._heard_at = time.monotonic()
        await self._client.publish(self._next, _REQUEST, reply=self._inbox)
        while not self._over.is_set():
            try:
                async with asyncio.timeout(_HEARTBEAT_S):
                    await self._over.wait()
            except TimeoutError:
                if time.monotonic() - self._heard_at > _SILENCE_S:
                    raise ConnectionError("the server fell silent") from None
            if self._connected_times != self._connection:
                raise ConnectionError("the server is connected anew")

    async def close(self) -> None:
        """Stop the subscription."""
        if self._subscription is not None:
            await self._subscription.unsubscribe()
            self._subscription = None

    async def _on_message(self, msg: Msg) -> None:
        if self._connected_times != self._connection:
            self._over.set()
            return
        self._heard_at = time.monotonic()
        status = (msg.headers or {}).get("Status") if not msg.data else None
        if status is None:
            self._received += 1
            self._deliver(msg)
            if self._received >= BATCH:
                self._over.set()
        elif status != _HEARTBEAT_STATUS:
            self._over.set()
