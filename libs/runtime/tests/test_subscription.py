"""A consumer is never silent for long: NATS dies while a pull waits, and connections break.

`BP_TEST_NATS_KILLS` says how often NATS is killed (default 10).
"""

import asyncio
import gc
import os
import time
from random import Random
from uuid import uuid4

import pytest
from nats.errors import TimeoutError as NothingCame
from nats.js.api import ConsumerConfig

from libs.runtime.messaging import bus
from libs.runtime.tests.ledger import orders_seen
from libs.runtime.tests.test_pipe import credit, ledger, mirror, running, same_balances, until
from libs.runtime.tests.wired import wired
from tests.chaos.wires import WireFault
from tests.servers import NatsServer, PostgresServer

KILLS = int(os.environ.get("BP_TEST_NATS_KILLS", "10"))
CUTS = 20
HEARD_WITHIN_S = 10.0


@pytest.mark.slow(60 + 15 * KILLS, "kills NATS ten times")
async def test_a_message_is_handled_soon_after_nats_died_while_a_pull_waited(
    postgres: PostgresServer, own_nats: NatsServer
) -> None:
    one = ledger(postgres.create_database(), own_nats.url)
    other = mirror(postgres.create_database(), own_nats.url)
    account, chance = uuid4(), Random(1)  # noqa: S311 - must be repeatable
    assert own_nats.server is not None
    async with running(one, other):
        await asyncio.to_thread(credit, one, account)
        await until(same_balances(one, other))
        for _ in range(KILLS):
            # No message is left: the pull waits.
            await asyncio.sleep(chance.uniform(0, 1))
            own_nats.server.kill()
            await asyncio.sleep(chance.uniform(0, 0.3))
            await asyncio.to_thread(own_nats.server.start)

            await asyncio.to_thread(credit, one, account)

            await until(same_balances(one, other), HEARD_WITHIN_S)
        assert other.store.query(orders_seen) == [list(range(2, KILLS + 3))]


@pytest.mark.slow(60, "waits for as long as the client library is silent")
async def test_the_fetch_of_the_client_library_is_silent_for_longer_which_is_why_it_is_not_used(
    own_nats: NatsServer,
) -> None:
    client = await bus.connect(own_nats.url, "tests")
    js = client.jetstream()
    await bus.ensure_stream(js, "ledger")
    subscription = await js.pull_subscribe(
        "bp.ledger.>", "slow", config=ConsumerConfig(durable_name="slow")
    )
    assert own_nats.server is not None

    waiting = asyncio.create_task(subscription.fetch(1, timeout=2 * HEARD_WITHIN_S))
    await asyncio.sleep(0.5)
    own_nats.server.kill()
    await asyncio.to_thread(own_nats.server.start)
    back_at = time.monotonic()
    await until(lambda: client.is_connected)
    await js.publish("bp.ledger.said.v1.1", b"{}")

    with pytest.raises(NothingCame):
        await waiting
    assert time.monotonic() - back_at > HEARD_WITHIN_S
    assert len(await subscription.fetch(1, timeout=HEARD_WITHIN_S)) == 1
    await bus.close(client)


@pytest.mark.slow(150, "cuts the connection twenty times")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_short_cuts_between_a_consumer_and_nats_lose_nothing_and_double_nothing(
    postgres: PostgresServer, own_nats: NatsServer
) -> None:
    chance = Random(2)  # noqa: S311 - must be repeatable
    accounts = [uuid4() for _ in range(3)]
    said = struck = 0
    with wired(own_nats.url) as (wire, url):
        one = ledger(postgres.create_database(), own_nats.url)
        other = mirror(postgres.create_database(), url)
        async with running(one, other):
            for _ in range(CUTS):
                cut_at = time.monotonic() + chance.uniform(0, 0.3)
                while time.monotonic() < cut_at:
                    await asyncio.to_thread(credit, one, accounts[said % len(accounts)])
                    said += 1
                wire.break_it(WireFault.CUT)
                await asyncio.sleep(chance.uniform(0.1, 0.5))
                struck += wire.hits > 0
                wire.mend()

            assert struck > CUTS / 2, "too little was cut: nothing is proved"
            await until(same_balances(one, other), 60)

            heard = [version for seen in other.store.query(orders_seen) for version in seen]
            assert all(seen == sorted(seen) for seen in other.store.query(orders_seen))
            assert len(heard) == said
    # The client library leaves connections that broke while they were made to the garbage
    # collector.
    gc.collect()
