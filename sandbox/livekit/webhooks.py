"""Webhooks as LiveKit signs them: a token in Authorization holds the body's SHA-256."""

import asyncio
import base64
import hashlib
import logging
import time
from typing import Final

import httpx
import jwt
from google.protobuf.json_format import MessageToJson
from livekit.protocol.webhook import WebhookEvent

from sandbox.livekit.tokens import Keys

_LIFETIME_S: Final = 300
_TRIES: Final = 8
_FIRST_PAUSE_S: Final = 0.2
_log = logging.getLogger(__name__)


class Webhooks:
    """Sends events to one address, in order, retrying until they are accepted."""

    def __init__(self, keys: Keys, url: str) -> None:
        self._keys = keys
        self._url = url
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None

    def send(self, event: WebhookEvent) -> None:
        """Queue an event; as with the real server, a restart loses waiting ones."""
        if not self._url:
            return
        self._waiting.put_nowait(MessageToJson(event, indent=None))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        async with httpx.AsyncClient(timeout=5) as client:
            while not self._waiting.empty():
                await self._deliver(client, self._waiting.get_nowait())

    async def _deliver(self, client: httpx.AsyncClient, body: str) -> None:
        for attempt in range(_TRIES):
            try:
                answer = await client.post(
                    self._url, content=body.encode(), headers=headers(self._keys, body)
                )
            except httpx.TransportError as error:
                _log.info("webhook not taken: %s", error)
            else:
                if answer.is_success:
                    return
                _log.info("webhook refused with status %s", answer.status_code)
            await asyncio.sleep(_FIRST_PAUSE_S * 2**attempt)
        _log.warning("webhook given up after %s tries", _TRIES)


def headers(keys: Keys, body: str) -> dict[str, str]:
    """Return the headers that prove a body: see docs.livekit.io, "Webhooks"."""
    now = int(time.time())
    claims = {
        "iss": keys.api_key,
        "nbf": now,
        "iat": now,
        "exp": now + _LIFETIME_S,
        "sha256": base64.b64encode(hashlib.sha256(body.encode()).digest()).decode(),
    }
    return {
        "Authorization": jwt.encode(claims, keys.secret, algorithm="HS256"),
        "Content-Type": "application/webhook+json",
    }
