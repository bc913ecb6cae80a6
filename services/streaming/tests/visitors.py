"""People who enter rooms by signalling alone, without media."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from websockets.asyncio.client import connect

from services.streaming.provider import RoomToken


class Visitors:
    """Enters by LiveKit's WebSocket, or by a call of the sandbox, which carries no media."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._is_sandbox = url.endswith("/livekit")

    @asynccontextmanager
    async def enter(self, issued: RoomToken) -> AsyncIterator[None]:
        """Stay in the room with this token."""
        if self._is_sandbox:
            await self._enter_sandbox(issued)
            yield
            return
        query = f"access_token={issued.token}&auto_subscribe=1&protocol=15&sdk=js"
        async with connect(f"{self._url}/rtc?{query}") as socket:
            await socket.recv()
            yield

    async def publish(self, issued: RoomToken) -> None:
        """Publish a camera in the sandbox's room; a real LiveKit needs media for that."""
        there = {"room": issued.room, "identity": issued.identity, "source": "camera"}
        await self._control("publish", there)

    async def _enter_sandbox(self, issued: RoomToken) -> None:
        await self._control("join", {"token": issued.token})

    async def _control(self, action: str, body: dict[str, str]) -> None:
        base = self._url.replace("ws://", "http://")
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"{base}/_control/{action}", json=body)
            assert answer.is_success, answer.text
