"""LiveKit's server API as its official SDKs call it, for machines without a livekit-server.

Owns: rooms, their participants, recording requests, and signed webhooks about them. Never does:
carry media. A browser that tries to connect gets the reason in one sentence.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from google.protobuf.json_format import MessageToDict
from livekit.protocol.models import DisconnectReason
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from sandbox.livekit.egress import Recordings
from sandbox.livekit.rooms import RoomFull, Rooms
from sandbox.livekit.service import Method, methods
from sandbox.livekit.tokens import Keys, TokenRefused, read_header, read_join_token
from sandbox.livekit.twirp import TwirpProblem, answer, bad_route, read, refuse
from sandbox.livekit.webhooks import Webhooks
from sandbox.settings import Settings
from sandbox.state import State

_SWEEP_S: Final = 1
NO_MEDIA: Final = (
    "no video here: this is the sandbox's stand-in for LiveKit, which carries no media; "
    "put a livekit-server on the PATH or set LIVEKIT_URL"
)


def router(state: State, settings: Settings) -> Starlette:
    keys = Keys(settings.livekit_api_key, settings.livekit_api_secret)
    webhooks = Webhooks(keys, settings.sandbox_livekit_webhook_url)
    rooms = Rooms(state, webhooks)
    served = methods(rooms, Recordings(state, rooms, webhooks))
    control = _Control(keys, rooms)

    @asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        sweep = asyncio.create_task(_close_empty_rooms(rooms))
        yield
        sweep.cancel()

    browsers = Middleware(CORSMiddleware, allow_origins=["*"], allow_headers=["*"])
    return Starlette(
        routes=[
            Route(
                "/twirp/{service}/{method}",
                _twirp(keys, served),
                methods=["GET", "POST", "PUT", "DELETE", "PATCH"],
            ),
            Route("/rtc/validate", _validate(keys)),
            Route("/rtc/v1/validate", _validate(keys)),
            WebSocketRoute("/rtc", _no_media),
            WebSocketRoute("/rtc/v1", _no_media),
            Route("/_control/join", control.join, methods=["POST"]),
            Route("/_control/leave", control.leave, methods=["POST"]),
            Route("/_control/publish", control.publish, methods=["POST"]),
            Route("/", lambda _: PlainTextResponse("OK")),
        ],
        middleware=[browsers],
        lifespan=running,
    )


async def _close_empty_rooms(rooms: Rooms) -> None:
    while True:
        await asyncio.sleep(_SWEEP_S)
        rooms.close_empty(time.time())


Endpoint = Callable[[Request], Awaitable[Response]]


def _twirp(keys: Keys, served: dict[str, Method]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            return await _call(keys, served, request)
        except TokenRefused as refused:
            return PlainTextResponse(str(refused), 401)
        except TwirpProblem as problem:
            return refuse(problem)

    return endpoint


async def _call(keys: Keys, served: dict[str, Method], request: Request) -> Response:
    claims = read_header(keys, request.headers.get("authorization", ""))
    path = f"{request.path_params['service']}/{request.path_params['method']}"
    if request.method != "POST":
        raise bad_route(request, f'unsupported method "{request.method}" (only POST is allowed)')
    method = served.get(path)
    if method is None:
        raise bad_route(request, f'no handler for path "/twirp/{path}"')
    asked = await read(request, method.request)
    if not method.allowed(claims, asked):
        raise TwirpProblem("unauthenticated", "permissions denied")
    return answer(request, method.answer(asked))


def _validate(keys: Keys) -> Endpoint:
    """Answer livekit-client's question after a failed connection with the reason, in words."""

    async def endpoint(request: Request) -> Response:
        try:
            read_join_token(keys, request.query_params.get("access_token", ""))
        except TokenRefused as refused:
            return PlainTextResponse(str(refused), 401)
        return PlainTextResponse(NO_MEDIA, 403)

    return endpoint


async def _no_media(socket: WebSocket) -> None:
    await socket.close(reason=NO_MEDIA)


class _Control:
    """Calls for tests and demos: people join and leave without media."""

    def __init__(self, keys: Keys, rooms: Rooms) -> None:
        self._keys = keys
        self._rooms = rooms

    async def join(self, request: Request) -> Response:
        """Join with `{"token"}`, as a browser would."""
        asked = await _body(request)
        try:
            claims = read_join_token(self._keys, str(asked.get("token", "")))
            person = self._rooms.join(claims)
        except TokenRefused as refused:
            return PlainTextResponse(str(refused), 401)
        except RoomFull:
            return PlainTextResponse("the room is full", 403)
        return JSONResponse(MessageToDict(person))

    async def leave(self, request: Request) -> Response:
        """Leave with `{"room", "identity"}`."""
        asked = await _body(request)
        room = self._rooms.find(str(asked.get("room")))
        person = self._rooms.person(str(asked.get("room")), str(asked.get("identity")))
        if room is None or person is None:
            return PlainTextResponse("participant does not exist", 404)
        self._rooms.remove(room, person, DisconnectReason.CLIENT_INITIATED)
        return JSONResponse({})

    async def publish(self, request: Request) -> Response:
        """Publish a track: `{"room", "identity", "source"}`."""
        asked = await _body(request)
        room = self._rooms.find(str(asked.get("room")))
        person = self._rooms.person(str(asked.get("room")), str(asked.get("identity")))
        if room is None or person is None:
            return PlainTextResponse("participant does not exist", 404)
        if not person.permission.can_publish:
            return PlainTextResponse("not allowed to publish", 403)
        source = str(asked.get("source") or "camera").upper()
        if source not in ("CAMERA", "MICROPHONE", "SCREEN_SHARE", "SCREEN_SHARE_AUDIO"):
            return PlainTextResponse(f"unknown source {source}", 400)
        return JSONResponse(MessageToDict(self._rooms.publish(room, person, source)))


async def _body(request: Request) -> dict[str, object]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
