"""Each message expects its predecessor, so a loss in the stream is noticed at once."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from libs.events.contract import stream_of
from libs.runtime.messaging import bus
from libs.runtime.messaging.relay import Relay
from libs.runtime.service import Service
from libs.runtime.tests.test_pipe import credit, ledger, running, until
from tests.servers import NatsServer


async def stream_after_a_loss(one: Service) -> list[str]:
    """Return the version in each message after the stream was emptied behind the relay's back and
    one more event was published."""
    account = uuid4()
    async with running(one):
        for _ in range(5):
            await asyncio.to_thread(credit, one, account)
        await until(lambda: one._relay is not None and one._relay.published == 6)
        assert one.client is not None
        js: Any = one.client.jetstream()
        await js.delete_stream(stream_of("ledger"))
        await bus.ensure_stream(js, "ledger")

        await asyncio.to_thread(credit, one, account)

        await until(lambda: one._relay is not None and one._relay.published > 6)
        return [
            ((await js.get_msg(stream_of("ledger"), sequence)).headers or {})["ce-entityversion"]
            for sequence in range(1, (await js.stream_info(stream_of("ledger"))).state.last_seq + 1)
        ]


async def test_emptied_stream_is_refilled_before_new_events(
    database: str, own_nats: NatsServer
) -> None:
    said = await stream_after_a_loss(ledger(database, own_nats.url))

    assert said == ["1", "2", "3", "4", "5", "6", "7"]


async def test_without_the_expectation_the_stream_begins_in_the_middle(
    database: str, own_nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Relay, "_expectation", lambda _: {})

    said = await stream_after_a_loss(ledger(database, own_nats.url))

    assert said == ["7"]
