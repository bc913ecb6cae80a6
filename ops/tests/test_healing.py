"""NATS is restarted if it stores nothing, a few times, and only where that can help."""

import asyncio
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from libs.runtime.tests.test_pipe import until
from ops.up.child import MOST_DEATHS, Child
from ops.up.command import Command
from ops.up.console import Console
from ops.up.healing import WINDOW_S, StreamsHealing, ailment_of
from ops.up.processes import Process
from sandbox.tests.serving import serving


class Nats:
    """A server that can fail, on a clock of its own."""

    def __init__(self, *, room: bool = True) -> None:
        self.now = 1000.0
        self.ailment: str | None = "write error"
        self.room = room
        self.restarted_at: list[float] = []
        self.said = io.StringIO()
        self.healing = StreamsHealing(
            Console(self.said, {"NO_COLOR": "1"}),
            ails=lambda: self.ailment,
            has_room=lambda: self.room,
            restart=self._restart,
            clock=lambda: self.now,
        )

    async def _restart(self) -> None:
        self.restarted_at.append(self.now)

    async def look_for(self, seconds: int) -> None:
        for _ in range(seconds):
            await self.healing.look()
            self.now += 1


async def test_nats_that_stores_nothing_is_restarted_at_once() -> None:
    nats = Nats()

    await nats.look_for(1)

    assert nats.restarted_at == [1000.0]
    assert "write error" in nats.said.getvalue()


async def test_nats_is_left_alone_while_its_disk_is_full() -> None:
    nats = Nats(room=False)

    await nats.look_for(100)
    assert nats.restarted_at == []

    nats.room = True
    await nats.look_for(1)
    assert nats.restarted_at == [1100.0]


async def test_healthy_nats_is_never_restarted() -> None:
    nats = Nats()
    nats.ailment = None

    await nats.look_for(100)

    assert nats.restarted_at == []


async def test_three_failed_restarts_alert_operators_once() -> None:
    nats = Nats()

    await nats.look_for(int(WINDOW_S))

    assert nats.restarted_at == [1000.0, 1015.0, 1075.0]
    assert nats.said.getvalue().count("look at its disk and its log") == 1


async def test_the_restarts_of_ten_minutes_ago_are_forgotten() -> None:
    nats = Nats()

    await nats.look_for(int(WINDOW_S) + 2)

    assert nats.restarted_at[3:] == [1000.0 + WINDOW_S + 1]


WELL = '{"status":"ok"}'
WRITE_ERROR = '{"status":"unavailable","error":"JetStream stream \'A\' write error: no space left"}'
OTHER = '{"status":"unavailable","error":"JetStream stream \'A\' is not current"}'


@contextmanager
def answering(status: int, body: str) -> Iterator[int]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body.encode()})

    with serving(app) as url:
        yield int(url.rpartition(":")[2])


@pytest.mark.parametrize(
    ("status", "says", "ailment"),
    [(200, WELL, None), (503, OTHER, None), (503, WRITE_ERROR, "no space left")],
)
def test_stream_with_a_write_error_is_the_diagnosis(
    status: int, says: str, ailment: str | None
) -> None:
    with answering(status, says) as monitor:
        found = ailment_of(monitor, [])

    assert (found is None) == (ailment is None)
    assert (ailment or "") in (found or "")


@pytest.mark.parametrize(
    ("unheard", "reason", "ails"),
    [
        ("true", '"The oldest unpublished event has waited for 12 s."', True),
        ("false", '"The oldest unpublished event has waited for 12 s."', False),
        ("true", "null", False),
    ],
)
def test_waiting_outbox_beside_a_healthy_nats_is_the_diagnosis(
    unheard: str, reason: str, ails: bool
) -> None:
    health = f'{{"outbox": {{"reason": {reason}, "unheard": {unheard}}}}}'
    with answering(200, WELL) as monitor, answering(200, health) as service:
        found = ailment_of(monitor, [f"http://127.0.0.1:{service}/health"])

    assert (found is not None) == ails


async def test_a_process_that_is_restarted_on_purpose_has_not_died() -> None:
    said = io.StringIO()
    sleeper = Process("sleeper", Command(("sleep", "60")), lambda: True)
    child = Child(sleeper, Console(said, {"NO_COLOR": "1"}), lambda: None)
    keeping = asyncio.create_task(child.keep_alive())
    seen: list[int | None] = [None]

    for _ in range(MOST_DEATHS + 1):
        await comes_up(child, seen)
        await child.restart()
    await comes_up(child, seen)
    await child.stop()
    await keeping

    assert len(set(seen)) == MOST_DEATHS + 3
    assert "died" not in said.getvalue()


async def comes_up(child: Child, seen: list[int | None]) -> None:
    await until(lambda: child.pid not in seen and child.ready.is_set())
    seen.append(child.pid)


async def test_a_process_that_dies_of_a_full_disk_is_started_until_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ops.up.child._FULL_DELAY_S", 0.01)
    full, said = [Path("/full")] * 12, io.StringIO()
    dying = Process("dying", Command(("false",)), lambda: True)
    child = Child(
        dying,
        Console(said, {"NO_COLOR": "1"}),
        lambda: None,
        lambda: full.pop() if full else child.kill(),
    )

    await child.keep_alive()

    assert full == []
    assert "the disk of /full is full: make room" in said.getvalue()
