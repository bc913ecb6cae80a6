"""Rebuilt views equal the live ones, while everybody goes on writing."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID, uuid4

import psycopg
import pytest
from typing_extensions import override

from libs.events.envelope import Envelope
from libs.runtime.messaging.streams import BridgedStreams, NoStreams
from libs.runtime.service import Service
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Conflict, Store
from libs.runtime.tests.ledger import (
    AccountCredited,
    Balances,
    Ledger,
    MirroredBalances,
    balances,
    nothing,
    settings,
)
from libs.runtime.tests.test_pipe import Urls, credit, ledger, mirror, running, same_balances, until
from libs.runtime.views import rebuild
from libs.runtime.views.rebuild import Sources, StreamsIncomplete
from libs.runtime.views.view import View, ViewCursor
from tests.servers import NatsServer, PostgresServer


@pytest.fixture
def urls(postgres: PostgresServer) -> Urls:
    return postgres.create_database(), postgres.create_database()


@pytest.fixture
def store(database: str) -> Iterator[Store[Ledger]]:
    store = Store("ledger", database, Ledger, views=[Balances()])
    store.open()
    yield store
    store.close()


def own(store: Store[Ledger], database: str) -> Sources:
    return Sources("ledger", database, store.application.mapper, NoStreams(), ())


def heard(service: Service) -> Sources:
    assert service.client is not None
    assert service.loop is not None
    return Sources(
        service.store.service,
        service.settings.database_url,
        service.store.application.mapper,
        BridgedStreams(service.client, service.loop),
        service._subscriptions,
    )


def write(store: Store[Ledger], count: int = 1) -> None:
    for _ in range(count):
        store.execute(Cause(uuid4()), lambda: store.application.credit(uuid4(), 1))


def damage(store: Store[Ledger]) -> None:
    store.query(lambda c: c.execute("UPDATE balances SET balance = balance + 1"))


def test_live_views_are_what_a_rebuild_from_zero_gives(store: Store[Ledger], database: str) -> None:
    write(store, 20)

    outcome = rebuild.compare(own(store, database), store.views)

    assert outcome.same
    assert outcome.events == 40


def test_a_damaged_view_is_found_row_by_row_and_left_as_it_is(
    store: Store[Ledger], database: str
) -> None:
    write(store, 5)
    store.query(lambda c: c.execute("DELETE FROM balances WHERE ctid = '(0,1)'"))
    damage(store)
    before = store.query(balances)

    outcome = rebuild.compare(own(store, database), store.views)

    (difference,) = outcome.discrepancies
    assert (difference.table, difference.only_live, difference.only_rebuilt) == ("balances", 4, 5)
    assert '"balance": 2' in difference.examples[0]
    assert store.query(balances) == before


def test_rebuild_reports_discrepancies_and_repairs_them(
    store: Store[Ledger], database: str
) -> None:
    write(store, 5)
    damage(store)
    progress: list[tuple[int, int]] = []

    outcome = rebuild.rebuild(
        own(store, database), store.views, lambda done, total: progress.append((done, total))
    )

    assert not outcome.same
    assert set(store.query(balances).values()) == {1}
    assert progress == [(10, 10)]
    assert rebuild.compare(own(store, database), store.views).same
    assert store.query(
        lambda c: c.execute("SELECT to_regnamespace('rebuild') AS n").fetchone()
    ) == {"n": None}


def test_rebuild_under_load_misses_no_write_and_blocks_none(
    store: Store[Ledger], database: str
) -> None:
    account, stop = uuid4(), threading.Event()
    write(store, 200)

    def keep_writing(_: int) -> int:
        written = 0
        while not stop.is_set():
            store.execute(Cause(uuid4()), lambda: store.application.credit(uuid4(), 1))
            if written % 5 == 0:
                credit_shared(store, account)
            written += 1
        return written

    with ThreadPoolExecutor(4) as threads:
        writing = [threads.submit(keep_writing, n) for n in range(4)]
        outcomes = [rebuild.rebuild(own(store, database), store.views) for _ in range(5)]
        stop.set()
        written = sum(each.result() for each in writing)

    assert all(outcome.same for outcome in outcomes)
    assert len(store.query(balances)) == 200 + written + 1
    assert rebuild.compare(own(store, database), store.views).same


def credit_shared(store: Store[Ledger], account: UUID) -> None:

    with suppress(Conflict):
        store.execute(Cause(uuid4()), lambda: store.application.credit(account, 1))


def test_view_that_reads_foreign_tables_cannot_be_rebuilt(
    store: Store[Ledger], database: str
) -> None:
    class Nosy(Balances):
        @override
        def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
            curs.execute("SELECT count(*) FROM events")

    write(store)

    with pytest.raises(psycopg.errors.UndefinedTable):
        rebuild.compare(own(store, database), [Nosy()])


async def test_view_of_foreign_events_is_rebuilt_from_their_streams(
    urls: Urls, own_nats: NatsServer
) -> None:
    one, other = ledger(urls[0], own_nats.url), mirror(urls[1], own_nats.url)
    async with running(one, other):
        for _ in range(30):
            await asyncio.to_thread(credit, one, uuid4())
        await until(same_balances(one, other))
        await asyncio.to_thread(damage, other.store)

        found = await asyncio.to_thread(rebuild.compare, heard(other), other.store.views)
        mended = await asyncio.to_thread(rebuild.rebuild, heard(other), other.store.views)
        again = await asyncio.to_thread(rebuild.compare, heard(other), other.store.views)

        assert (found.same, mended.same, again.same) == (False, False, True)
        assert again.messages == 60
        assert one.store.query(balances) == other.store.query(balances)


async def test_view_of_foreign_events_equals_its_rebuild_at_every_moment(
    urls: Urls, own_nats: NatsServer
) -> None:
    one, other = ledger(urls[0], own_nats.url), mirror(urls[1], own_nats.url)
    accounts = [uuid4() for _ in range(5)]

    def keep_writing() -> None:
        for n in range(600):
            credit(one, accounts[n % 5])

    async with running(one, other):
        writing = asyncio.create_task(asyncio.to_thread(keep_writing))
        seen = []
        while not writing.done():
            seen.append(await asyncio.to_thread(rebuild.compare, heard(other), other.store.views))
            seen.append(await asyncio.to_thread(rebuild.rebuild, heard(other), other.store.views))
        await writing
        await until(same_balances(one, other))

        assert [outcome.discrepancies for outcome in seen if not outcome.same] == []
        assert len(seen) >= 2


async def test_stream_that_lost_handled_events_stops_the_rebuild(
    urls: Urls, own_nats: NatsServer
) -> None:
    one, other = ledger(urls[0], own_nats.url), mirror(urls[1], own_nats.url)
    async with running(other):
        async with running(one):
            await asyncio.to_thread(credit, one, uuid4())
            await until(same_balances(one, other))
        assert other.client is not None
        await other.client.jetstream().purge_stream("BP_LEDGER")

        with pytest.raises(StreamsIncomplete, match="2 events of ledger"):
            await asyncio.to_thread(rebuild.rebuild, heard(other), other.store.views)

        assert len(other.store.query(balances)) == 1


class Reshaped(MirroredBalances):
    ddl = Balances.ddl.replace("seen", "note text, seen")

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        if isinstance(event, AccountCredited):
            curs.execute(
                "INSERT INTO balances (account_id, balance, note) VALUES (%s, %s, 'new')"
                " ON CONFLICT (account_id) DO UPDATE SET"
                " balance = balances.balance + excluded.balance",
                (about.entity_id, event.amount),
            )


def showing(url: str, nats_url: str, *views: View) -> Service:
    store = Store("mirror", url, Ledger, views=views)

    return Service(settings(url, nats_url), store, publishes=nothing)


async def test_view_of_foreign_events_keeps_its_rows_when_its_shape_changes(
    urls: Urls, own_nats: NatsServer
) -> None:
    one, other = ledger(urls[0], own_nats.url), mirror(urls[1], own_nats.url)
    account = uuid4()
    async with running(one):
        async with running(other):
            await asyncio.to_thread(credit, one, account, 7)
            await until(same_balances(one, other))

        newer = showing(urls[1], own_nats.url, Reshaped())
        async with running(newer):
            rows = await newer.store.ask(lambda c: c.execute("SELECT * FROM balances").fetchall())
            await asyncio.to_thread(credit, one, account, 1)
            await until(same_balances(one, newer))

        assert [(row["balance"], row["note"]) for row in rows] == [(7, "new")]


class Wider(Balances):
    ddl = Balances.ddl.replace("seen bigint[]", "seen bigint[], note text DEFAULT 'new'")


def test_restarted_older_version_keeps_the_newer_shape(database: str) -> None:
    older = Store("ledger", database, Ledger, views=[Balances()])
    newer = Store("ledger", database, Ledger, views=[Wider()])
    older.open()
    write(older)
    newer.open()
    older.open()

    write(older)
    write(newer)

    notes = newer.query(lambda c: c.execute("SELECT note FROM balances").fetchall())
    assert [row["note"] for row in notes] == ["new"] * 3
    assert rebuild.compare(own(newer, database), newer.views).same
    older.close()
    newer.close()


def test_rolled_back_version_gets_its_shape_on_command(store: Store[Ledger], database: str) -> None:
    newer = Store("ledger", database, Ledger, views=[Wider()])
    newer.open()
    write(newer)
    newer.close()

    rebuild.rebuild(own(store, database), store.views)
    (rolled_back,) = store.query(lambda c: c.execute("SELECT * FROM balances").fetchall())
    newest = Store("ledger", database, Ledger, views=[Wider()])
    newest.open()
    (forward,) = newest.query(lambda c: c.execute("SELECT * FROM balances").fetchall())
    newest.close()

    assert "note" not in rolled_back
    assert forward["note"] == "new"
