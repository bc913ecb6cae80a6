"""A service knows how long its oldest public event has waited to be published."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from libs.runtime.messaging import outbox
from libs.runtime.service import Service
from libs.runtime.tests.test_pipe import credit, ledger, running, until
from tests.servers import NatsServer


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An outbox that counts as held up after 0.2 s and is checked all the time."""
    monkeypatch.setattr(outbox, "HELD_UP_AFTER", timedelta(seconds=0.2))
    monkeypatch.setattr(outbox, "_LOOK_EVERY_S", 0.02)


async def degraded(one: Service) -> list[str]:
    return list((await one._ready())["degraded"])


@pytest.mark.usefixtures("impatient")
async def test_unpublished_outbox_degrades_the_service_until_it_flows(
    database: str, own_nats: NatsServer
) -> None:
    one = ledger(database, own_nats.url)
    assert own_nats.server is not None
    async with running(one):
        await asyncio.to_thread(credit, one, uuid4())
        await until(lambda: one._relay is not None and one._relay.published == 2)
        assert await degraded(one) == []

        own_nats.server.pause()
        await asyncio.to_thread(credit, one, uuid4())
        await until(lambda: one._held_up() is not None)
        held_up = await degraded(one)
        own_nats.server.resume()
        await until(lambda: one._held_up() is None)

        assert held_up[0].startswith("The oldest unpublished event has waited for")
        assert await degraded(one) == []


@pytest.mark.usefixtures("impatient")
async def test_follower_replica_knows_of_an_unpublished_outbox(
    database: str, own_nats: NatsServer
) -> None:
    one, replica = ledger(database, own_nats.url), ledger(database, own_nats.url)
    assert own_nats.server is not None
    async with running(one, replica):
        await asyncio.to_thread(credit, one, uuid4())
        await until(lambda: published(one) + published(replica) == 2)
        await asyncio.sleep(0.3)
        assert [one._held_up(), replica._held_up()] == [None, None]

        own_nats.server.pause()
        await asyncio.to_thread(credit, one, uuid4())
        await until(lambda: None not in {one._held_up(), replica._held_up()})
        own_nats.server.resume()
        await until(lambda: {one._held_up(), replica._held_up()} == {None})


def published(one: Service) -> int:
    return 0 if one._relay is None else one._relay.published


async def test_empty_log_has_nothing_to_publish(database: str, own_nats: NatsServer) -> None:
    one = ledger(database, own_nats.url)
    async with running(one):
        await until(lambda: one._outbox is not None)
        assert one._outbox is not None
        await one._outbox.look()

        assert one._held_up() is None
