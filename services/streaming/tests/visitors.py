"""People who enter rooms as far as the signalling goes, without any media."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from websockets.asyncio.client import connect

from services.streaming.application import RoomToken


class Visitors:
    """Enters by LiveKit's WebSocket; the sandbox has a call for it, since it carries no media."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._is_sandbox = url.endswith("/livekit")

    @asynccontextmanager
    async def enter(self, issued: RoomToken) -> AsyncIterator[None]:
        """Be in the room with this token."""
        if self._is_sandbox:
            await self._enter_sandbox(issued)
            yield
            return
        query = f"access_token={issued.token}&auto_subscribe=1&protocol=15&sdk=js"
        async with connect(f"{self._url}/rtc?{query}") as socket:
            await socket.recv()
            yield

    async def _enter_sandbox(self, issued: RoomToken) -> None:
        base = self._url.replace("ws://", "http://")
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"{base}/_control/join", json={"token": issued.token})
            assert answer.is_success, answer.text
