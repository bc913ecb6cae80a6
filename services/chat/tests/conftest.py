"""The chat service on a real database, and the sandbox's GetStream on a real port."""

import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from libs.runtime.http.app import create_app
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.store.store import Store
from sandbox import stream
from sandbox.settings import Settings as SandboxSettings
from sandbox.state import State
from services.chat.__main__ import chat_store
from services.chat.application import Chat
from services.chat.http import REFUSALS, chat_router
from services.chat.stream_provider import StreamProvider
from services.chat.tests.builders import NOW
from services.chat.tests.fakes import PERSON_SECRET, ReadableTokens

KEY, SECRET = "key-of-the-tests", "a secret of the tests, of 32 signs"


@pytest.fixture(scope="session")
def getstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a GetStream of the tests' own."""
    folder: Path = tmp_path_factory.mktemp("getstream")
    settings = SandboxSettings(stream_api_key=KEY, stream_api_secret=SECRET, sandbox_data=folder)
    state = State(folder / "state.sqlite3")
    app = Starlette(routes=[Mount("/stream", stream.router(state, settings))])
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/stream"
        server.should_exit = True
        thread.join()
    state.close()


@pytest.fixture
def provider(getstream: str) -> Iterator[StreamProvider]:
    provider = StreamProvider(KEY, SECRET, getstream)
    yield provider
    provider.close()


@pytest.fixture
def store(database: str) -> Iterator[Store[Chat]]:
    opened = chat_store(database, FixedClock(NOW))
    opened.open()
    yield opened
    opened.close()


async def _ready() -> dict[str, str]:
    return {"status": "ready"}


@pytest.fixture
async def http(store: Store[Chat]) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(
        "chat",
        person_token_secret=PERSON_SECRET,
        routers=[chat_router(store, ReadableTokens())],
        refusals=REFUSALS,
        ready=_ready,
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://chat") as client:
        yield client
