"""Dead letters: retried in order, or skipped for a recorded reason."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
from psycopg import Cursor
from psycopg.rows import DictRow

from libs.events.envelope import Envelope
from libs.runtime.messaging import dead_letters
from libs.runtime.messaging.handling import Reaction, only_views
from libs.runtime.service import Service
from libs.runtime.store.interventions import Intervention, Interventions, Operator
from libs.runtime.store.store import Store
from libs.runtime.tests.ledger import (
    AccountCredited,
    AccountOpened,
    Ledger,
    MirroredBalances,
    balances,
    nothing,
    orders_seen,
    settings,
)
from libs.runtime.tests.test_pipe import Urls, credit, dead_letters_in, ledger, running, until
from libs.runtime.tests.test_rebuild import heard
from libs.runtime.views import rebuild
from tests.servers import NatsServer, PostgresServer


@pytest.fixture
def urls(postgres: PostgresServer) -> Urls:
    return postgres.create_database(), postgres.create_database()


class Provider:
    """A dependency of a reaction that is broken for some versions."""

    def __init__(self) -> None:
        self.refuses: set[int] = set()

    def react(self, event: AccountCredited, about: Envelope, app: Ledger) -> None:
        if about.entity_version in self.refuses:
            raise ConnectionError(f"no luck with {about.entity_version}")


def impatient(url: str, nats_url: str, reaction: Reaction) -> Service:
    store = Store("mirror", url, Ledger, views=[MirroredBalances()])
    subscriptions = {AccountOpened: only_views, AccountCredited: reaction}
    return Service(
        settings(url, nats_url),
        store,
        publishes=nothing,
        subscriptions=subscriptions,
        tries_after_s=(0.01,),
    )


@contextmanager
def operator(service: Service) -> Iterator[Operator]:
    store = Store(service.store.service, service.settings.database_url, Interventions, pool_size=1)
    yield Operator(store, "ada")
    store.close()


def ask_retry(service: Service, dead_letter_id: int) -> None:
    with operator(service) as person:

        def act() -> dict[str, str]:
            dead_letters.ask_retry(person.cursor(), dead_letter_id)
            return {}

        person.intervene("dead_letters.retry", str(dead_letter_id), "", act)


def skip(service: Service, row: DictRow, reason: str) -> None:
    with operator(service) as person:

        def act() -> dict[str, str]:
            dead_letters.skip(person.cursor(), row, reason)
            return {}

        person.intervene("dead_letters.skip", str(row["dead_letter_id"]), reason, act)


def waiting(curs: Cursor[DictRow]) -> list[DictRow]:
    return [row for row in dead_letters_in(curs) if row["skipped_at"] is None]


def in_inbox(curs: Cursor[DictRow]) -> int:
    row = curs.execute("SELECT count(*) AS n FROM inbox").fetchone()
    return row["n"] if row else 0


async def credit_times(service: Service, account: UUID, times: int) -> None:
    for _ in range(times):
        await asyncio.to_thread(credit, service, account)


async def test_a_retry_handles_the_oldest_first_and_those_behind_it_follow(
    urls: Urls, own_nats: NatsServer
) -> None:
    provider, account = Provider(), uuid4()
    provider.refuses = {3}
    one, other = ledger(urls[0], own_nats.url), impatient(urls[1], own_nats.url, provider.react)
    async with running(one, other):
        await credit_times(one, account, 4)
        await until(lambda: len(other.store.query(waiting)) == 3)
        rows = other.store.query(waiting)
        provider.refuses = set()

        await asyncio.to_thread(ask_retry, other, rows[-1]["dead_letter_id"])
        await until(lambda: not other.store.query(dead_letters_in))
        await credit_times(one, account, 1)
        await until(lambda: other.store.query(balances) == {account: 5})

        assert other.store.query(orders_seen) == [[2, 3, 4, 5, 6]]
        assert other.store.query(in_inbox) == 6


def test_handled_message_of_a_refilled_stream_becomes_no_dead_letter(
    database: str,
) -> None:
    store = Store("mirror", database, Ledger)
    store.open()
    handled, new = uuid4(), uuid4()
    store.query(lambda curs: curs.execute("INSERT INTO inbox VALUES (%s, 'mirror-x')", (handled,)))

    for event_id in (handled, new):
        unhandled = dead_letters.Unhandled("mirror-x", str(event_id), "bp.x.y.v1.z", {}, b"", "why")
        store.query(lambda curs, one=unhandled: dead_letters.add(curs, one))

    assert [row["message_key"] for row in store.query(dead_letters_in)] == [str(new)]
    store.close()


async def test_a_retry_that_fails_leaves_all_in_place_with_the_newest_error(
    urls: Urls, own_nats: NatsServer
) -> None:
    provider, account = Provider(), uuid4()
    provider.refuses = {2, 3}
    one, other = ledger(urls[0], own_nats.url), impatient(urls[1], own_nats.url, provider.react)
    async with running(one, other):
        await credit_times(one, account, 3)
        await until(lambda: len(other.store.query(waiting)) == 3)
        provider.refuses = {3}

        await asyncio.to_thread(ask_retry, other, other.store.query(waiting)[0]["dead_letter_id"])
        await until(lambda: len(other.store.query(waiting)) == 2)
        await until(lambda: other.store.query(waiting)[0]["attempts"] == 1)

        first, second = other.store.query(waiting)
        assert "no luck with 3" in first["error"]
        assert (first["retry_asked_at"], second["retry_asked_at"]) == (None, None)
        assert other.store.query(orders_seen) == [[2]]


async def test_skipped_message_is_never_handled_and_frees_those_behind_it(
    urls: Urls, own_nats: NatsServer
) -> None:
    provider, account = Provider(), uuid4()
    provider.refuses = {3}
    one, other = ledger(urls[0], own_nats.url), impatient(urls[1], own_nats.url, provider.react)
    async with running(one):
        async with running(other):
            await credit_times(one, account, 4)
            await until(lambda: len(other.store.query(waiting)) == 3)
            poisoned = other.store.query(waiting)[0]

            await asyncio.to_thread(skip, other, poisoned, "it was a test charge")
            await until(lambda: not other.store.query(waiting))
            provider.refuses = set()
            assert other.client is not None
            await other.client.jetstream().delete_consumer("BP_LEDGER", "mirror-ledger")

        again = impatient(urls[1], own_nats.url, provider.react)
        async with running(again):
            await credit_times(one, account, 1)
            await until(lambda: again.store.query(balances) == {account: 4})
            outcome = await asyncio.to_thread(rebuild.compare, heard(again), again.store.views)

        assert again.store.query(orders_seen) == [[2, 4, 5, 6]]
        assert outcome.same
        (kept,) = again.store.query(dead_letters_in)
        assert kept["skipped_because"] == "it was a test charge"


async def test_intervention_is_logged_with_its_author_and_not_published(
    urls: Urls, own_nats: NatsServer
) -> None:
    provider, account = Provider(), uuid4()
    one, other = ledger(urls[0], own_nats.url), impatient(urls[1], own_nats.url, provider.react)
    async with running(one, other):
        await asyncio.to_thread(ask_retry, one, 1)
        await credit_times(one, account, 1)
        await until(lambda: other.store.query(balances) == {account: 1})

        rows = one.store.query(
            lambda c: c.execute(
                "SELECT topic, actor FROM events ORDER BY notification_id LIMIT 1"
            ).fetchall()
        )
        assert one.client is not None
        stream = await one.client.jetstream().stream_info("BP_LEDGER")

    assert [tuple(row.values()) for row in rows] == [(Intervention.Made.TOPIC, "operator:ada")]
    assert stream.state.messages == 2
