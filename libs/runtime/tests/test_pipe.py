"""From one service's store over the bus into another's: nothing lost, nothing repeated, in
order."""

import asyncio
import logging
import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import psycopg
import pytest
from nats.aio.msg import Msg
from psycopg import Cursor
from psycopg.rows import DictRow

from libs.events.contract import Contract, stream_of
from libs.events.envelope import Envelope
from libs.runtime.messaging.handling import Reaction, only_views
from libs.runtime.messaging.relay import Relay, ToContract
from libs.runtime.service import Service
from libs.runtime.store import leadership, log
from libs.runtime.store.cause import Cause
from libs.runtime.store.leadership import Leadership
from libs.runtime.store.store import Store
from libs.runtime.tests.ledger import (
    Account,
    AccountCredited,
    AccountOpened,
    Balances,
    Ledger,
    MirroredBalances,
    balances,
    nothing,
    orders_seen,
    settings,
    to_contract,
)
from tests.chaos.wires import Wire, WireFault
from tests.servers import NatsServer, PostgresServer, free_port

Urls = tuple[str, str]


def ledger(url: str, nats_url: str, publishes: ToContract = to_contract) -> Service:
    store = Store("ledger", url, Ledger, views=[Balances()])
    return Service(settings(url, nats_url), store, publishes=publishes)


def dead_letters_in(curs: Cursor[DictRow]) -> list[DictRow]:
    return curs.execute("SELECT * FROM dead_letters ORDER BY dead_letter_id").fetchall()


def mirror(url: str, nats_url: str, reaction: Reaction = only_views) -> Service:
    store = Store("mirror", url, Ledger, views=[MirroredBalances()])
    subscriptions = {AccountOpened: only_views, AccountCredited: reaction}
    return Service(settings(url, nats_url), store, publishes=nothing, subscriptions=subscriptions)


@asynccontextmanager
async def running(*services: Service) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for service in services:
            await stack.enter_async_context(service.running())
        yield


async def until(true: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not await asyncio.to_thread(true):
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.02)


def same_balances(one: Service, other: Service) -> Callable[[], bool]:
    return lambda: one.store.query(balances) == other.store.query(balances) != {}


def credit(service: Service, account: UUID, amount: int = 1) -> None:
    app = service.store.application
    service.store.execute(Cause(uuid4(), "someone"), lambda: app.credit(account, amount))


@pytest.fixture
def urls(own_postgres: PostgresServer) -> Urls:
    return own_postgres.create_database(), own_postgres.create_database()


async def test_committed_event_appears_in_the_other_services_view(
    urls: Urls, own_nats: NatsServer
) -> None:
    one, other = ledger(urls[0], own_nats.url), mirror(urls[1], own_nats.url)
    account = uuid4()

    async with running(one, other):
        for _ in range(20):
            await asyncio.to_thread(credit, one, account)

        await until(same_balances(one, other))

        assert other.store.query(orders_seen) == [list(range(2, 22))]


async def test_lost_stream_is_refilled_without_new_events(urls: Urls, own_nats: NatsServer) -> None:
    one = ledger(urls[0], own_nats.url)
    assert own_nats.server is not None
    assert own_nats.store is not None

    async with running(one):
        await asyncio.to_thread(credit, one, uuid4())
        await until(lambda: one._relay is not None and one._relay.published == 2)
        own_nats.server.kill()
        shutil.rmtree(own_nats.store)
        await asyncio.to_thread(own_nats.server.start)

        await until(lambda: one._relay is not None and one._relay.published == 4)


async def test_refilled_stream_repeats_no_work(
    urls: Urls, own_nats: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    one, other = ledger(urls[0], own_nats.url), mirror(urls[1], own_nats.url)
    accounts = [uuid4() for _ in range(10)]
    assert own_nats.server is not None
    assert own_nats.store is not None

    async with running(one, other):
        for account in accounts:
            await asyncio.to_thread(credit, one, account)
        await until(same_balances(one, other))
        own_nats.server.kill()
        shutil.rmtree(own_nats.store)
        own_nats.server.start()
        for account in accounts:
            await asyncio.to_thread(credit, one, account, 5)

        await until(same_balances(one, other))

        assert one.client is not None
        info = await one.client.jetstream().stream_info(stream_of("ledger"))
        assert info.state.messages == 30


async def test_both_survive_a_crash_of_postgresql_and_of_nats(
    urls: Urls, own_nats: NatsServer, own_postgres: PostgresServer
) -> None:
    one, other = ledger(urls[0], own_nats.url), mirror(urls[1], own_nats.url)
    accounts = [uuid4() for _ in range(10)]
    assert own_nats.server is not None
    assert own_postgres.server is not None

    async with running(one, other):
        for server in (own_nats.server, own_postgres.server):
            for account in accounts:
                await asyncio.to_thread(credit, one, account)
            server.restart()
            for account in accounts:
                await asyncio.to_thread(credit, one, account)

        await until(same_balances(one, other))

        assert set(other.store.query(balances).values()) == {4}


async def test_a_service_that_starts_while_its_database_is_away_waits_for_it(
    urls: Urls, own_nats: NatsServer, own_postgres: PostgresServer
) -> None:
    one, other = ledger(urls[0], own_nats.url), mirror(urls[1], own_nats.url)
    assert own_postgres.server is not None
    own_postgres.server.kill()

    starting = asyncio.create_task(asyncio.to_thread(own_postgres.server.start))
    async with running(one, other):
        await starting
        await asyncio.to_thread(credit, one, uuid4())

        await until(same_balances(one, other))


async def test_consumer_that_dies_holding_messages_continues_in_order(
    urls: Urls, own_nats: NatsServer
) -> None:
    one = ledger(urls[0], own_nats.url)

    def hang(event: AccountCredited, about: Envelope, app: Ledger) -> None:
        if about.entity_version > 5:
            time.sleep(0.5)
            raise ConnectionError("the provider is away")

    other = mirror(urls[1], own_nats.url, hang)
    account = uuid4()
    async with running(one):
        async with running(other):
            for _ in range(20):
                await asyncio.to_thread(credit, one, account)
            await until(lambda: other.store.query(balances) == {account: 4})

        again = mirror(urls[1], own_nats.url)
        async with running(again):
            await until(same_balances(one, again))

            assert again.store.query(orders_seen) == [list(range(2, 22))]


async def test_entity_continues_after_its_acknowledgement_was_lost(
    urls: Urls, own_nats: NatsServer
) -> None:
    many_in_hand, may_end = threading.Event(), threading.Event()

    def hold(event: AccountCredited, about: Envelope, app: Ledger) -> None:
        many_in_hand.set()
        may_end.wait(10)

    one, other = ledger(urls[0], own_nats.url), mirror(urls[1], own_nats.url, hold)
    accounts = [uuid4() for _ in range(300)]
    assert own_nats.server is not None
    async with running(one):
        for account in accounts:
            await asyncio.to_thread(credit, one, account)
        await until(lambda: one._relay is not None and one._relay.published == 600)
        async with running(other):
            await asyncio.to_thread(many_in_hand.wait, 10)
            await until(lambda: len(other._consumers[0]._in_hand) > 256)
            own_nats.server.kill()
            may_end.set()
            await until(lambda: other.store.query(balances) != {})
            own_nats.server.start()
            for account in accounts:
                await asyncio.to_thread(credit, one, account)

            await until(same_balances(one, other))

            assert set(other.store.query(balances).values()) == {2}


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
async def test_unreadable_message_becomes_a_dead_letter_and_only_its_entity_waits(
    urls: Urls, own_nats: NatsServer
) -> None:
    good, poisoned = uuid4(), uuid4()

    def garble(event: Account.Credited) -> Contract | None:
        contract = to_contract(event)
        if event.originator_id == poisoned and event.originator_version == 2:
            return AccountCredited.model_construct(account_id=poisoned, amount="many")
        return contract

    one, other = ledger(urls[0], own_nats.url, garble), mirror(urls[1], own_nats.url)
    async with running(one, other):
        for account in (poisoned, good, poisoned, good):
            await asyncio.to_thread(credit, one, account)

        await until(lambda: other.store.query(balances) == {good: 2})
        await until(lambda: len(other.store.query(dead_letters_in)) == 2)

        reasons = [row["error"] for row in other.store.query(dead_letters_in)]
        assert "amount" in reasons[0]
        assert reasons[1] == "an earlier message of this entity is a dead letter"


async def test_new_subscription_receives_past_events_too(urls: Urls, own_nats: NatsServer) -> None:
    one, account = ledger(urls[0], own_nats.url), uuid4()
    store = Store("mirror", urls[1], Ledger, views=[Balances()])
    subscriptions = {AccountOpened: only_views}
    older = Service(
        settings(urls[1], own_nats.url), store, publishes=nothing, subscriptions=subscriptions
    )
    async with running(one):
        async with running(older):
            for _ in range(3):
                await asyncio.to_thread(credit, one, account)
            await until(lambda: older._consumers[0].handled == 1)

        newer = mirror(urls[1], own_nats.url)
        async with running(newer):
            await until(same_balances(one, newer))


async def test_service_with_a_restored_database_receives_acknowledged_events_again(
    urls: Urls, own_nats: NatsServer, own_postgres: PostgresServer
) -> None:
    one, other = ledger(urls[0], own_nats.url), mirror(urls[1], own_nats.url)
    account = uuid4()
    async with running(one):
        async with running(other):
            for _ in range(5):
                await asyncio.to_thread(credit, one, account)
            await until(same_balances(one, other))

        put_back = mirror(own_postgres.create_database(), own_nats.url)
        async with running(put_back):
            await until(same_balances(one, put_back))

            assert put_back.store.query(orders_seen) == [list(range(2, 7))]


async def test_restore_behind_a_running_service_is_noticed(
    urls: Urls, own_nats: NatsServer, own_postgres: PostgresServer
) -> None:
    one, other = ledger(urls[0], own_nats.url), mirror(urls[1], own_nats.url)
    accounts = [uuid4() for _ in range(6)]
    async with running(one, other):
        for account in accounts[:2]:
            await asyncio.to_thread(credit, one, account)
        await until(same_balances(one, other))
        with nobody_inside(own_postgres, urls[1]) as (execute, name):
            execute(f"CREATE DATABASE older TEMPLATE {name}")
        for account in accounts[2:4]:
            await asyncio.to_thread(credit, one, account)
        await until(same_balances(one, other))

        with nobody_inside(own_postgres, urls[1]) as (execute, name):
            execute(f"ALTER DATABASE {name} RENAME TO lost")
            execute(f"ALTER DATABASE older RENAME TO {name}")
        for account in accounts[4:]:
            await asyncio.to_thread(credit, one, account)

        await until(same_balances(one, other))
        assert other.store.query(balances) == dict.fromkeys(accounts, 1)


@pytest.fixture
def asked_a_moment_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay checks its lead only once in a while."""
    monkeypatch.setattr(leadership, "_CHECK_EVERY_S", 60)


@pytest.mark.usefixtures("asked_a_moment_ago")
async def test_restore_under_a_running_relay_stops_it(
    urls: Urls, own_nats: NatsServer, own_postgres: PostgresServer
) -> None:
    one = ledger(urls[0], own_nats.url)
    async with running(one):
        await put_older_copy_back_under(one, own_postgres, urls[0])

        await until(lambda: one._relay is not None and one._relay.alarm is not None)

        assert one._relay is not None
        assert one._relay.published == 4


@pytest.mark.usefixtures("asked_a_moment_ago")
async def test_relay_without_the_comparison_publishes_from_a_restored_copy(
    urls: Urls, own_nats: NatsServer, own_postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def next_page(relay: Relay, curs: Cursor[DictRow]) -> log.Page:
        return log.read_after(curs, relay._reached.position if relay._reached else log.START, 256)

    monkeypatch.setattr(Relay, "_next_page", next_page)
    one = ledger(urls[0], own_nats.url)
    async with running(one):
        await put_older_copy_back_under(one, own_postgres, urls[0])

        await until(lambda: one._relay is not None and one._relay.published == 6)


async def put_older_copy_back_under(one: Service, server: PostgresServer, url: str) -> None:
    """Of two published events one is lost, and a third is published at once."""
    await asyncio.to_thread(credit, one, uuid4())
    with nobody_inside(server, url) as (execute, name):
        execute(f"CREATE DATABASE older TEMPLATE {name}")
    await asyncio.to_thread(credit, one, uuid4())
    await until(lambda: one._relay is not None and one._relay.published == 4)
    with nobody_inside(server, url) as (execute, name):
        execute(f"ALTER DATABASE {name} RENAME TO lost")
        execute(f"ALTER DATABASE older RENAME TO {name}")
    await asyncio.to_thread(credit, one, uuid4())


@contextmanager
def nobody_inside(
    server: PostgresServer, url: str
) -> Iterator[tuple[Callable[[str], object], str]]:
    """Disconnect everybody from a database before its name points elsewhere."""
    name = urlsplit(url).path.removeprefix("/")
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
            (name,),
        )
        yield admin.execute, name
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


async def test_lost_lead_is_not_confirmed_by_the_next_connection(
    database: str,
) -> None:
    leads = Leadership(database, "test")
    await leads.acquire("first")
    await leads.acquire("second")
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (leads.backend,))

    with pytest.raises(psycopg.OperationalError):
        await leads.confirm("first")
    await leads.acquire("first")

    await leads.confirm("first")
    with pytest.raises(psycopg.OperationalError, match="second"):
        await leads.confirm("second")
    await leads.close()


async def test_a_lead_whose_connection_is_silent_is_lost(database: str) -> None:
    """As behind a firewall that drops connections silently."""
    with wire_to(database) as (wire, url):
        leads = Leadership(url, "test")
        await leads.acquire("first")
        wire.break_it(WireFault.HALF_OPEN)
        leads._checked_at = 0.0

        with pytest.raises(psycopg.OperationalError):
            await leads.confirm("first")

        await leads.close()


@contextmanager
def wire_to(url: str) -> Iterator[tuple[Wire, str]]:
    """A breakable connection to a server, and the address that leads through it."""
    upstream = urlsplit(url).port
    assert upstream is not None
    wire = Wire("test", free_port(), upstream)
    wire.start()
    try:
        yield wire, url.replace(f":{upstream}", f":{wire.port}")
    finally:
        wire.stop()


async def test_a_message_that_is_lost_with_its_connection_is_not_overtaken_by_the_next(
    urls: Urls, own_nats: NatsServer
) -> None:
    account = uuid4()
    with wire_to(own_nats.url) as (wire, url):
        one, other = ledger(urls[0], own_nats.url), mirror(urls[1], url)
        async with running(one, other):
            for _ in range(3):
                await asyncio.to_thread(credit, one, account)
                await until(same_balances(one, other))
                wire.break_it(WireFault.HALF_OPEN)
                await asyncio.to_thread(credit, one, account)
                await until(lambda: wire.hits > 0)
                wire.mend()
                await until(lambda: bool(other.client and other.client.is_connected))
                await asyncio.to_thread(credit, one, account)

                await until(same_balances(one, other))

            assert other.store.query(orders_seen) == [list(range(2, 11))]


async def test_follower_replica_wakes_the_publishing_one(urls: Urls, own_nats: NatsServer) -> None:
    leading, other = ledger(urls[0], own_nats.url), ledger(urls[0], own_nats.url)
    called = asyncio.Event()

    async def on_call(_: Msg) -> None:
        called.set()

    async with running(leading):
        await until(lambda: leading._relay is not None and leading._relay.leads)
        async with running(other):
            assert leading.client is not None
            await leading.client.subscribe("call.relay_of_ledger", cb=on_call)
            await leading.client.flush()
            await asyncio.to_thread(credit, leading, uuid4())
            assert not called.is_set()

            await asyncio.to_thread(credit, other, uuid4())

            await asyncio.wait_for(called.wait(), 20)
            await until(lambda: leading._relay is not None and leading._relay.published == 4)


async def test_relay_that_cannot_read_its_log_hands_over_with_an_alarm(
    urls: Urls, own_nats: NatsServer
) -> None:
    def unknown(event: Account.Credited) -> Contract | None:
        raise LookupError("an event of a newer version")

    account = uuid4()
    older, newer = ledger(urls[0], own_nats.url, unknown), ledger(urls[0], own_nats.url)
    async with running(older):
        await asyncio.to_thread(credit, older, account)
        await until(lambda: older._relay is not None and older._relay.alarm is not None)
        async with running(newer):
            await until(lambda: newer._relay is not None and newer._relay.published == 2)


async def test_a_stream_ahead_of_its_store_stops_the_relay_with_an_alarm(
    urls: Urls, own_nats: NatsServer, own_postgres: PostgresServer
) -> None:
    one = ledger(urls[0], own_nats.url)
    async with running(one):
        await asyncio.to_thread(credit, one, uuid4())
        await until(lambda: one._relay is not None and one._relay.published == 2)

    restored = ledger(own_postgres.create_database(), own_nats.url)
    async with running(restored):
        await asyncio.to_thread(credit, restored, uuid4())

        await until(lambda: restored._relay is not None and restored._relay.alarm is not None)

        assert restored._relay is not None
        assert restored._relay.published == 0


async def test_a_service_without_its_database_says_that_it_is_not_ready(
    urls: Urls, own_nats: NatsServer, own_postgres: PostgresServer
) -> None:
    one = ledger(urls[0], own_nats.url)
    assert own_postgres.server is not None

    async with running(one):
        before = (await one._ready())["status"]
        own_postgres.server.kill()
        during = (await one._ready())["database"]
        own_postgres.server.start()
        deadline = time.monotonic() + 20
        while (await one._ready())["status"] != "ready":
            assert time.monotonic() < deadline, "it never was ready again"
            await asyncio.sleep(0.05)

    assert (before, during) == ("ready", "down")
