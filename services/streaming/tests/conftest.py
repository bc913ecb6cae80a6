"""The streaming service on a real database, with the real LiveKit and with the sandbox's."""

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from libs.events.access import GrantExpired, GrantIssued, GrantRevoked
from libs.events.contract import Contract
from libs.runtime.http.app import create_app
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from ops.programs import compiled
from sandbox import livekit as sandbox_livekit
from sandbox.settings import Settings as SandboxSettings
from sandbox.state import State
from services.streaming.__main__ import streaming_store
from services.streaming.application import Streaming
from services.streaming.http import REFUSALS, streaming_router
from services.streaming.livekit_provider import LiveKitProvider
from services.streaming.tests.builders import NOW, about
from services.streaming.tests.fakes import PERSON_SECRET, Rooms, VideoServerInMemory
from tests.servers import free_port

KEY, SECRET = "key-of-the-tests", "a secret of the tests, of 32 signs"
BOTH = [pytest.param("real", marks=pytest.mark.needs("livekit-server")), "sandbox"]
"""The parameter of a fixture: the real server and its stand-in."""


@contextmanager
def running_livekit(folder: Path, webhook_url: str = "") -> Iterator[str]:
    """Yield the WebSocket address of a real livekit-server of this test."""
    program = compiled.find(compiled.LIVEKIT)
    assert program is not None, "the test does not say that it needs livekit-server"
    port = free_port()
    settings = {
        "port": port,
        "bind_addresses": ["127.0.0.1"],
        "rtc": {"tcp_port": free_port(), "udp_port": free_port(), "use_external_ip": False},
        "keys": {KEY: SECRET},
        "webhook": {"api_key": KEY, "urls": [webhook_url] if webhook_url else []},
        "room": {"auto_create": False},
        "logging": {"level": "warn"},
    }
    with (folder / "livekit.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "--node-ip", "127.0.0.1"],
            env={**os.environ, "LIVEKIT_CONFIG": json.dumps(settings)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _until_answers(f"http://127.0.0.1:{port}/")
        yield f"ws://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def running_sandbox(folder: Path, webhook_url: str = "") -> Iterator[str]:
    """Yield the WebSocket address of the sandbox's LiveKit."""
    settings = SandboxSettings(
        livekit_api_key=KEY,
        livekit_api_secret=SECRET,
        sandbox_data=folder,
        sandbox_livekit_webhook_url=webhook_url,
    )
    state = State(folder / "state.sqlite3")
    part = sandbox_livekit.router(state, settings)
    app = Starlette(routes=[Mount("/livekit", part)], lifespan=part.router.lifespan_context)
    with serving(app) as address:
        yield f"ws://{address}/livekit"
    state.close()


@contextmanager
def serving(app: object, port: int = 0) -> Iterator[str]:
    """Serve an application on a port of 127.0.0.1, by default a free one; yields `host:port`."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1)  # type: ignore[arg-type]
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _until_answers(url: str) -> None:
    for _ in range(500):
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise AssertionError(f"{url} does not answer")


@pytest.fixture(scope="session", params=BOTH)
def livekit(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Yield LiveKit's address, once for the real server and once for its stand-in."""
    run = running_livekit if request.param == "real" else running_sandbox
    with run(tmp_path_factory.mktemp("livekit")) as url:
        yield url


@pytest.fixture
def provider(livekit: str) -> Iterator[LiveKitProvider]:
    provider = LiveKitProvider(livekit, KEY, SECRET)
    yield provider
    provider.close()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def store(database: str, clock: FixedClock) -> Iterator[Store[Streaming]]:
    opened = streaming_store(database, clock)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


def tell(store: Store[Streaming], *contracts: Contract) -> None:
    """Apply events of other services, as the consumer does.

    A grant is issued in version 1 and closed in version 2; the others are numbered as given.
    """
    versions = {GrantIssued: 1, GrantRevoked: 2, GrantExpired: 2}
    for number, contract in enumerate(contracts, start=1):
        version = versions.get(type(contract), number)
        envelope = about(version=version, type_=contract.type)
        store.execute(Cause(envelope.id), lambda c=contract, e=envelope: store.project(c, e))


async def _ready() -> dict[str, str]:
    return {"status": "ready"}


@pytest.fixture
def video_server() -> VideoServerInMemory:
    return VideoServerInMemory()


@pytest.fixture
def app(store: Store[Streaming], rooms: Rooms, video_server: VideoServerInMemory) -> FastAPI:
    return create_app(
        "streaming",
        person_token_secret=PERSON_SECRET,
        routers=[streaming_router(store, rooms, video_server, live_within_s=0.03)],
        refusals=REFUSALS,
        ready=_ready,
    )


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://streaming") as client:
        yield client
