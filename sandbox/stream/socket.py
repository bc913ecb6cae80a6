"""The WebSocket as GetStream's JavaScript client speaks it."""

import asyncio
import json
from contextlib import suppress
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.state import Document
from sandbox.stream.chat import Chat
from sandbox.stream.hub import Connection
from sandbox.stream.problems import AUTHENTICATION, NOT_ALLOWED, Refused, bad_input, envelope
from sandbox.stream.tokens import Caller, caller_of, check_key, read_token, signature_code_of

_KEEPALIVE_S: Final = 25
_CLOSED_FOR_GOOD: Final = 1000
_TRY_AGAIN_LATER: Final = 1013


async def serve(chat: Chat, socket: WebSocket) -> None:
    """Run one connection: the first frame is a health check with `me`, or an error.

    After an error the socket closes with 1000, which the client takes as final (on 40 it fetches a
    new token and reconnects).
    """
    await socket.accept()
    try:
        connection = connect(chat, socket)
    except Refused as refused:
        frame = json.dumps({"error": envelope(refused, "", "0.00ms")})
        with suppress(WebSocketDisconnect, RuntimeError):
            await socket.send_text(frame)
            await socket.close(_CLOSED_FOR_GOOD, str(refused)[:120])
        return
    try:
        await _converse(chat, socket, connection)
    finally:
        chat.hub.close(connection)


def connect(chat: Chat, socket: WebSocket) -> Connection:
    """Open the connection for a token and the `json` payload. Raises Refused."""
    query = socket.query_params
    check_key(chat.keys, query.get("api_key", ""))
    if query.get("stream-auth-type") != "jwt":
        raise Refused(AUTHENTICATION, "stream-auth-type missing or invalid")
    token = query.get("authorization", "")
    caller = caller_of(read_token(chat.keys, token, signature_code_of(token)))
    chat.admit_caller(caller)
    try:
        asked = json.loads(query.get("json", "{}"))
    except ValueError:
        raise bad_input("json is not valid JSON") from None
    details = asked.get("user_details") if isinstance(asked, dict) else None
    write_details(chat, caller, details if isinstance(details, dict) else {})
    connection = chat.hub.open(caller.user_id)
    connection.offer(_hello(chat, connection))
    return connection


def write_details(chat: Chat, caller: Caller, details: Document) -> None:
    """Create the user, or store what they say of themselves; never a role or a team.

    Whoever the details name, the user is the token's.
    """
    if caller.server:
        raise Refused(NOT_ALLOWED, "a server token cannot open a WebSocket connection")
    fields = {**chat.client_fields(details), "id": caller.user_id}
    known = chat.store.users.get(caller.user_id)
    flat = {**known.get("custom", {}), **known} if known else {}
    own = (name for name in fields if name not in ("id", "anon"))
    changed = any(fields[name] != flat.get(name) for name in own)
    if known is not None and changed:
        chat.roles.require_in_app(caller, "update-user", own=True)
    user = chat.write_user(fields, replace=False) if known is None or changed else known
    chat.store.users.put({**user, "last_active": chat.store.clock.stamp()})


def _hello(chat: Chat, connection: Connection) -> str:
    return json.dumps(
        {
            "type": "health.check",
            "connection_id": connection.connection_id,
            "cid": "*",
            "created_at": chat.store.clock.stamp(),
            "me": chat.shapes.full_user(connection.user_id),
        }
    )


async def _converse(chat: Chat, socket: WebSocket, connection: Connection) -> None:
    tasks = [
        asyncio.create_task(_send(chat, socket, connection)),
        asyncio.create_task(_receive(chat, socket, connection)),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    with suppress(WebSocketDisconnect, RuntimeError):
        await socket.close(_TRY_AGAIN_LATER if connection.too_slow else _CLOSED_FOR_GOOD)


async def _send(chat: Chat, socket: WebSocket, connection: Connection) -> None:
    while True:
        try:
            frame = await asyncio.wait_for(connection.outbox.get(), _KEEPALIVE_S)
        except TimeoutError:
            frame = _pulse(chat, connection)
        if frame is None:
            return
        with suppress(WebSocketDisconnect, RuntimeError):
            await socket.send_text(frame)


def _pulse(chat: Chat, connection: Connection) -> str:
    return json.dumps(
        {
            "type": "health.check",
            "connection_id": connection.connection_id,
            "cid": "*",
            "created_at": chat.store.clock.stamp(),
        }
    )


async def _receive(chat: Chat, socket: WebSocket, connection: Connection) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            if _is_ping(await socket.receive_text()):
                connection.offer(_pulse(chat, connection))


def _is_ping(text: str) -> bool:
    try:
        sent: Any = json.loads(text)
    except ValueError:
        return False
    frames = sent if isinstance(sent, list) else [sent]
    return any(isinstance(one, dict) and one.get("type") == "health.check" for one in frames)
