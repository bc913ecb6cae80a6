"""Slow, oversized or too many connections of an edge's clients; real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from libs.runtime.http.connections import ConnectionLimits, guarded_by

QUICK = ConnectionLimits(
    head_within_s=0.4,
    max_head_bytes=2048,
    least_body_bytes_per_s=1000,
    body_window_s=0.3,
    unread_answer_within_s=0.5,
    per_address=5,
)
HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def an_app() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def read() -> dict[str, str]:
        return {"status": "read"}

    @app.get("/slow")
    async def take_time() -> dict[str, str]:
        await asyncio.sleep(1)
        return {"status": "slow"}

    @app.post("/")
    async def write(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @app.get("/large")
    async def large() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            for _ in range(4096):
                yield b"x" * 65536

        return StreamingResponse(parts())

    return app


@asynccontextmanager
async def serving(limits: ConnectionLimits | None = QUICK) -> AsyncIterator[int]:
    config = uvicorn.Config(
        an_app(),
        host="127.0.0.1",
        port=0,
        log_config=None,
        lifespan="off",
        http="httptools" if limits is None else guarded_by(limits),
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(5):
        while not server.started:  # noqa: ASYNC110 - uvicorn sets no event
            await asyncio.sleep(0.01)
    try:
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Stream]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def told(reader: asyncio.StreamReader, within_s: float = 2.0) -> tuple[int, dict[str, Any]]:
    """Return the answer's status and body; (0, {}) for a connection closed without an answer."""
    async with asyncio.timeout(within_s):
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split()[1])
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        return status, json.loads(await reader.readexactly(length))


async def is_closed(reader: asyncio.StreamReader, within_s: float = 2.0) -> bool:
    try:
        async with asyncio.timeout(within_s):
            while await reader.read(65536):
                pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


async def trickle(writer: asyncio.StreamWriter, part: Callable[[int], bytes]) -> None:
    for number in range(30):
        writer.write(part(number))
        try:
            await writer.drain()
        except ConnectionError:
            return
        await asyncio.sleep(0.05)


async def test_slow_head_is_cut_off() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(HEAD)
        sending = asyncio.create_task(trickle(writer, lambda n: b"X-%d: y\r\n" % n))
        status, problem = await told(reader, within_s=1.2)
        closed = await is_closed(reader)
        await sending

    assert (status, problem["code"], closed) == (408, "request_too_slow", True)


async def test_silent_connection_is_cut_off() -> None:
    async with serving() as port, connected(port) as (reader, _):
        status, problem = await told(reader, within_s=1.2)

    assert (status, problem["code"]) == (408, "request_too_slow")


async def test_slow_second_head_on_a_kept_connection_is_cut_off() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(HEAD + b"\r\n")
        first = await told(reader)
        await asyncio.sleep(0.6)  # an idle connection between two requests is fine
        writer.write(b"\r\n\r\n" + HEAD)
        late = await told(reader, within_s=1.2)

    assert first == (200, {"status": "read"})
    assert (late[0], late[1]["code"]) == (408, "request_too_slow")


async def test_slow_body_is_cut_off() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
        sending = asyncio.create_task(trickle(writer, lambda _: b"x" * 5))
        status, problem = await told(reader, within_s=1.2)
        await sending

    assert (status, problem["code"]) == (408, "request_too_slow")


async def test_a_body_above_the_least_rate_is_read_however_long_it_takes() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\n\r\n")
        await trickle(writer, lambda _: b"x" * 100)
        answer = await told(reader)

    assert answer == (200, {"bytes": 3000})


async def test_slow_answer_does_not_count_against_the_client() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await told(reader)
        writer.write(HEAD + b"\r\n")
        next_answer = await told(reader)

    assert answer == (200, {"status": "slow"})
    assert next_answer == (200, {"status": "read"})


async def test_unread_answer_is_given_up() -> None:
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(1.0)
        read = 0
        try:
            while part := await reader.read(1 << 20):
                read += len(part)
        except ConnectionError:
            pass

    assert 0 < read < 4096 * 65536


@pytest.mark.parametrize("at_once", [True, False])
async def test_headers_beyond_the_limit_are_refused(at_once: bool) -> None:
    line = b"X-Long: " + b"y" * 3000
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(HEAD + line + (b"\r\n\r\n" if at_once else b""))
        status, problem = await told(reader)

    assert (status, problem["code"]) == (431, "headers_too_large")


async def test_more_connections_than_an_address_may_hold_are_refused_until_one_is_free() -> None:
    async with serving() as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
        async with connected(port) as (reader, _):
            refused = await told(reader)
        held[0][1].close()
        await asyncio.sleep(0.1)
        async with connected(port) as (reader, writer):
            writer.write(HEAD + b"\r\n")
            served = await told(reader)
        for _, writer in held:
            writer.close()

    assert (refused[0], refused[1]["code"]) == (429, "too_many_connections")
    assert served[0] == 200


async def test_connections_of_a_shared_proxy_are_not_counted() -> None:
    limits = ConnectionLimits(per_address=1, shared_by_many=lambda address: address == "127.0.0.1")
    async with serving(limits) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(8)]
        answers = []
        for reader, writer in held:
            writer.write(HEAD + b"\r\n")
            answers.append((await told(reader))[0])
            writer.close()

    assert answers == [200] * 8


async def test_without_the_limits_the_server_waits_for_ever_and_takes_any_head() -> None:
    async with serving(None) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(12)]
        held[0][1].write(HEAD)
        held[1][1].write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        held[2][1].write(HEAD + b"X-Long: " + b"y" * 40_000 + b"\r\n\r\n")
        long_head = await told(held[2][0])
        closed = [await is_closed(reader, within_s=0.6) for reader, _ in held[:2]]
        for _, writer in held:
            writer.close()

    assert (closed, long_head[0]) == ([False, False], 200)
