"""Differences between the chat provider and our data are found, and repaired on request."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from libs.runtime.scheduling.clock import SystemClock
from libs.runtime.scheduling.worker import Worker
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from ops.__main__ import app
from ops.tests.operated import Operated
from sandbox.tests.chatting import KEY, SECRET, running_chat
from services.chat.__main__ import chat_store
from services.chat.application import Chat
from services.chat.domain import Role, SourceState
from services.chat.jobs import Jobs
from services.chat.stream_provider import StreamProvider
from tests.servers import PostgresServer

EXPERIENCE, SPACE, MEMBER, STRANGER = (uuid4() for _ in range(4))

pytestmark = pytest.mark.slow(90, "starts a small system")


@pytest.fixture
def provider(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Store[Chat], StreamProvider]]:
    """A chat with one member, who has access."""
    system = Operated.create(postgres, "nats://127.0.0.1:1")
    system.rows(
        "access",
        "INSERT INTO grant_list VALUES (%s, %s, %s, %s, %s, 'purchase', now(), NULL, NULL, NULL)",
        *(uuid4(), uuid4(), MEMBER, EXPERIENCE, SPACE),
    )
    with running_chat(tmp_path / "chat") as server:
        stream = {"STREAM_API_KEY": KEY, "STREAM_API_SECRET": SECRET, "STREAM_API_URL": server.url}
        for name, value in {**system.environment, **stream}.items():
            monkeypatch.setenv(name, value)
        store = chat_store(system.urls["chat"], SystemClock())
        store.open()
        yield store, StreamProvider(KEY, SECRET, server.url)
        store.close()


async def work(store: Store[Chat], provider: StreamProvider) -> None:
    worker = Worker(store, {}, Jobs(store, provider, lambda _: None).by_kind())
    while await worker.run_due():
        pass


def drift(*options: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["drift", *options])
    return done.exit_code, done.output


async def test_lost_channel_member_is_restored_and_a_stranger_is_named(
    provider: tuple[Store[Chat], StreamProvider],
) -> None:
    store, stream = provider

    def begin() -> None:
        store.application.prepare()
        store.application.add_experience(EXPERIENCE, SPACE, "Lounge")
        bought = SourceState(1, 0, None, SystemClock().now())
        store.application.update_source(uuid4(), MEMBER, [EXPERIENCE], bought)

    store.work(Cause(uuid4()), begin)
    await work(store, stream)
    sound = drift()

    stream.remove_member(EXPERIENCE, MEMBER)
    add(stream, STRANGER)
    damaged = drift()
    fixed = drift("--fix")
    await work(store, stream)
    after = drift()

    assert sound == (0, "")
    assert damaged[0] == 1
    assert f"person {MEMBER} may enter {EXPERIENCE} but is missing from its chat" in damaged[1]
    assert "chat settles 1 of 2 people" in fixed[1]
    assert after == (
        1,
        f"person {STRANGER} is in the chat of {EXPERIENCE} but may not enter it\n",
    )


def add(stream: StreamProvider, person_id: UUID) -> None:
    stream.introduce(person_id, None)
    stream.add_member(EXPERIENCE, person_id, Role.MEMBER)
