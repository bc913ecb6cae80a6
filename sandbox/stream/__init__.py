"""GetStream's chat as its official SDKs call it: REST and the WebSocket.

Owns: channel types with their grants, people, channels, members, messages, moderation. Never does:
let anybody read or write against the grants of the channel type. Left out: file uploads, push,
polls, drafts, threads as a list, full text search.
"""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from sandbox.settings import Settings
from sandbox.state import State, StorageFull
from sandbox.storage_full import storage_full
from sandbox.stream.chat import Chat
from sandbox.stream.http import routes
from sandbox.stream.problems import DOES_NOT_EXIST, Refused, envelope
from sandbox.stream.socket import serve
from sandbox.stream.tokens import Keys


def router(state: State, settings: Settings) -> Starlette:
    chat = Chat(state, Keys(settings.stream_api_key, settings.stream_api_secret))

    async def connect(socket: WebSocket) -> None:
        await serve(chat, socket)

    async def unknown(request: Request, _: Exception) -> JSONResponse:
        refused = Refused(DOES_NOT_EXIST, f"there is no endpoint {request.url.path}")
        return JSONResponse(envelope(refused, "", "0.00ms"), 404)

    browsers = Middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["*"],
        max_age=86_400,
    )
    return Starlette(
        routes=[*routes(chat), WebSocketRoute("/connect", connect)],
        middleware=[browsers],
        exception_handlers={404: unknown, 405: unknown, StorageFull: storage_full},
    )
