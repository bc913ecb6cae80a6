import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest

from libs.events.envelope import Envelope
from libs.runtime.store import log
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import KeyReused, Overloaded, Store
from libs.runtime.tests.ledger import (
    Account,
    AccountCredited,
    Balances,
    Ledger,
    MirroredBalances,
    Refused,
    balances,
)
from tests.servers import PostgresServer

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(database: str) -> Iterator[Store[Ledger]]:
    store = Store("ledger", database, Ledger, views=[Balances()])
    store.open()
    yield store
    store.close()


def count(store: Store[Ledger], table: str) -> int:
    sql = f"SELECT count(*) AS n FROM {table}"  # noqa: S608
    return store.query(lambda c: c.execute(sql).fetchone()["n"])


def credit(store: Store[Ledger], account: UUID, amount: int, command: UUID | None = None) -> int:
    return store.execute(
        Cause(command or uuid4(), "someone"), lambda: store.application.credit(account, amount)
    )


def test_events_views_and_the_answer_are_committed_together(store: Store[Ledger]) -> None:
    account = uuid4()

    balance = credit(store, account, 5)

    assert balance == 5
    assert store.query(balances) == {account: 5}
    assert count(store, "events") == 2


def test_redelivered_command_is_carried_out_once(store: Store[Ledger]) -> None:
    account, command = uuid4(), uuid4()

    answers = [credit(store, account, 5, command) for _ in range(2)]

    assert answers == [5, 5]
    assert store.query(balances) == {account: 5}


def test_the_same_command_twice_at_once_gets_one_answer(store: Store[Ledger]) -> None:
    """The second caller waits for the first, sees its effect, and would be refused because of
    it."""
    account, command = uuid4(), Cause(uuid4(), "someone")

    def open_once() -> int:
        store.cursor().execute("SELECT pg_advisory_xact_lock(42)")
        if store.query(balances):
            raise Refused("there is one already")
        return store.application.credit(account, 5)

    with ThreadPoolExecutor(2) as threads:
        asked = [threads.submit(store.execute, command, open_once) for _ in range(2)]
        answers = [each.result(20) for each in asked]

    assert answers == [5, 5]
    with pytest.raises(Refused):
        store.execute(Cause(uuid4(), "someone else"), open_once)


async def test_thread_is_free_only_when_its_work_ends(
    database: str,
) -> None:
    store = Store("ledger", database, Ledger, pool_size=1)
    store.open()
    may_end = threading.Event()
    asked = asyncio.create_task(store.ask(lambda _: may_end.wait(20)))
    await asyncio.sleep(0)
    asked.cancel()

    with pytest.raises(Overloaded):
        await store.ask(lambda curs: curs.execute("SELECT 1").fetchone())
    may_end.set()
    while True:
        try:
            assert await store.ask(lambda curs: curs.execute("SELECT 1 AS n").fetchone()) == {
                "n": 1
            }
            break
        except Overloaded:
            await asyncio.sleep(0.01)

    await asyncio.to_thread(store.close)


def test_command_id_of_another_request_is_refused_even_concurrently(
    store: Store[Ledger],
) -> None:
    account, command = uuid4(), uuid4()

    def ask(amount: int) -> int | str:
        try:
            return store.execute(
                Cause(command, "someone", request=f"credit {amount}"),
                lambda: store.application.credit(account, amount),
            )
        except KeyReused:
            return "refused"

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, [5, 7] * 8))

    done = store.query(balances)[account]
    assert set(answers) == {done, "refused"}
    assert answers == [amount if amount == done else "refused" for amount in [5, 7] * 8]


def test_a_refusal_leaves_nothing_behind(store: Store[Ledger]) -> None:
    with pytest.raises(Refused):
        credit(store, uuid4(), -1)

    assert count(store, "events") == count(store, "commands") == 0


def test_concurrent_writers_of_one_entity_both_succeed(store: Store[Ledger]) -> None:
    account = uuid4()
    credit(store, account, 1)

    with ThreadPoolExecutor(2) as threads:
        for _ in range(15):
            list(threads.map(lambda _: credit(store, account, 1), range(2)))

    assert store.query(balances) == {account: 31}


def test_swallowed_database_fault_fails_the_command(
    store: Store[Ledger],
) -> None:
    account = uuid4()

    def swallow() -> None:
        store.application.credit(account, 1)
        with suppress(psycopg.Error):
            store.cursor().execute("SELECT * FROM what_is_not_there")

    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        store.work(Cause(uuid4()), swallow)

    assert store.query(balances) == {}


def test_an_account_with_a_snapshot_is_the_same_account(store: Store[Ledger]) -> None:
    account = uuid4()

    for _ in range(120):
        credit(store, account, 1)

    assert credit(store, account, 1) == 121
    assert count(store, "snapshots") == 2


def test_a_view_of_another_shape_is_built_again_from_the_log(
    store: Store[Ledger], database: str
) -> None:
    account = uuid4()
    credit(store, account, 7)

    class Reshaped(Balances):
        ddl = Balances.ddl.replace("seen", "note text, seen")

    reopened = Store("ledger", database, Ledger, views=[Reshaped()])
    reopened.open()

    assert reopened.query(balances) == {account: 7}
    reopened.close()


def test_a_connection_cut_while_committing_neither_loses_nor_doubles_the_command(
    own_postgres: PostgresServer,
) -> None:
    store = Store("ledger", own_postgres.create_database(), Ledger, views=[Balances()])
    store.open()
    accounts = [uuid4() for _ in range(200)]

    with ThreadPoolExecutor(8) as threads:
        writing = threads.map(lambda account: credit(store, account, 1), accounts)
        assert own_postgres.server is not None
        own_postgres.server.restart()
        list(writing)

    assert store.query(balances) == dict.fromkeys(accounts, 1)
    store.close()


def follow(store: Store[Ledger], all_written: threading.Event, *, unsafely: bool) -> set[int]:
    """Read the log as it grows; the unsafe way follows the last id."""
    seen: set[int] = set()
    position, last_id = log.START, 0
    while True:
        last_round, unsettled = all_written.is_set(), False
        if unsafely:
            rows = store.query(
                lambda c, after=last_id: c.execute(
                    "SELECT notification_id AS id FROM events WHERE notification_id > %s"
                    " ORDER BY notification_id LIMIT 500",
                    (after,),
                ).fetchall()
            )
            new = [row["id"] for row in rows]
            last_id = new[-1] if new else last_id
        else:
            page = store.query(lambda c, after=position: log.read_after(c, after, 500))
            new = [event.position.id for event in page.events]
            position = page.events[-1].position if page.events else position
            unsettled = page.unsettled
        seen |= set(new)
        if last_round and not new and not unsettled:
            return seen


@pytest.mark.slow(60, "sixteen writers share two cores")
@pytest.mark.parametrize("unsafely", [False, True])
def test_a_follower_misses_nothing_that_sixteen_writers_commit(
    store: Store[Ledger], unsafely: bool
) -> None:
    stop, all_written = threading.Event(), threading.Event()

    def write(_: int) -> None:
        while not stop.is_set():
            credit(store, uuid4(), 1)

    with ThreadPoolExecutor(17) as threads:
        following = threads.submit(follow, store, all_written, unsafely=unsafely)
        writing = [threads.submit(write, n) for n in range(16)]
        stop.wait(4)
        stop.set()
        [w.result() for w in writing]
        all_written.set()
        missed = count(store, "events") - len(following.result())

    if unsafely:
        assert missed > 0, "the control found nothing to miss: the test proves nothing"
    else:
        assert missed == 0


def test_a_log_ahead_of_its_server_is_refused_until_it_is_rebased(store: Store[Ledger]) -> None:
    credit(store, uuid4(), 1)
    ahead = "UPDATE events SET xact = xact + 1000000"
    store.query(lambda c: c.execute(ahead))
    with pytest.raises(log.TransactionCounterFellBack):
        store.query(log.check_transaction_counter)

    store.work(Cause(uuid4()), lambda: log.rebase(store.cursor()))
    credit(store, uuid4(), 1)

    store.query(log.check_transaction_counter)
    page = store.query(lambda c: log.read_after(c, log.START, 10))
    assert [type(store.application.mapper.to_domain_event(e.stored)) for e in page.events] == [
        Account.Opened,
        Account.Credited,
    ] * 2


def test_log_names_actor_and_command(store: Store[Ledger], database: str) -> None:
    command = uuid4()
    credit(store, uuid4(), 1, command)

    with psycopg.connect(database) as conn:
        rows = conn.execute("SELECT DISTINCT command_id, actor FROM events").fetchall()

    assert rows == [(command, "someone")]


def test_a_command_inside_a_command_is_part_of_it(store: Store[Ledger]) -> None:
    account, command = uuid4(), uuid4()

    def both() -> int:
        credit(store, account, 1)
        return credit(store, account, 2)

    answers = [store.execute(Cause(command), both) for _ in range(2)]

    assert answers == [3, 3]
    assert count(store, "commands") == 1


def test_events_of_an_entity_stand_in_the_log_in_the_order_of_their_versions(
    store: Store[Ledger],
) -> None:
    account = uuid4()
    credit(store, account, 1)

    def begun_early_done_late() -> int:
        row = store.cursor().execute("SELECT pg_current_xact_id()::text::bigint AS xid").fetchone()
        with ThreadPoolExecutor(1) as other:
            other.submit(credit, store, account, 2).result()
        store.application.credit(account, 3)
        return int(row["xid"])

    early = store.execute(Cause(uuid4()), begun_early_done_late)

    events = store.query(lambda c: log.read_after(c, log.START, 10)).events
    assert [event.stored.originator_version for event in events] == [1, 2, 3, 4]
    assert events[-1].position.xact > early, "the transactions did not overlap: nothing is proved"


def test_events_are_stored_by_statements_that_are_planned_once(store: Store[Ledger]) -> None:
    account = uuid4()

    for _ in range(20):
        credit(store, account, 1)
        credit(store, uuid4(), 1)

    planned_once, planned_anew = store.query(
        lambda c: c.execute(
            "SELECT sum(generic_plans) AS once, sum(custom_plans) AS anew"
            " FROM pg_prepared_statements WHERE statement LIKE '%INSERT INTO events%'"
        ).fetchone()
    ).values()
    assert planned_once > planned_anew


def test_many_events_are_saved_at_once(store: Store[Ledger]) -> None:
    accounts = [Account(account_id=uuid4()) for _ in range(30)]

    store.execute(Cause(uuid4()), lambda: len(store.application.save(*accounts)))

    page = store.query(lambda c: log.read_after(c, log.START, 100))
    assert [e.stored.originator_id for e in page.events] == [a.id for a in accounts]


ENTITY = "originator_id, originator_version, topic, state"


@pytest.mark.parametrize(
    ("table", "columns", "values"),
    [
        (
            "events",
            f"{ENTITY}, xact, command_id, actor",
            "gen_random_uuid(), 1, 't', '', i, gen_random_uuid(), 'a'",
        ),
        ("snapshots", ENTITY, "gen_random_uuid(), 1, 't', ''"),
        ("commands", "command_id", "gen_random_uuid()"),
    ],
)
def test_a_table_is_measured_only_when_its_size_calls_for_the_index(
    store: Store[Ledger], table: str, columns: str, values: str
) -> None:
    (measured_from,) = store.query(
        lambda c: c.execute(
            "SELECT coalesce((SELECT option_value FROM pg_options_to_table(reloptions)"
            " WHERE option_name = 'autovacuum_analyze_threshold'), '50')::int AS rows"
            " FROM pg_class WHERE oid = %s::regclass",
            (table,),
        ).fetchone()
    ).values()

    store.query(
        lambda c: c.execute(
            f"INSERT INTO {table} ({columns})"  # noqa: S608
            f" SELECT {values} FROM generate_series(1, {measured_from}) i"
        ).execute(f"ANALYZE {table}")
    )

    key = columns.split(",", maxsplit=1)[0]
    sql = f"EXPLAIN SELECT * FROM {table} WHERE {key} = '{uuid4()}'"  # noqa: S608
    assert "Index" in str(store.query(lambda c: c.execute(sql).fetchall()))


@pytest.mark.parametrize(("view", "shown"), [(MirroredBalances(), 1), (Balances(), 0)])
def test_a_view_is_told_of_the_contracts_it_subscribes_to_and_of_no_others(
    database: str, view: Balances, shown: int
) -> None:
    store = Store("mirror", database, Ledger, views=[view])
    store.open()
    account = uuid4()
    contract = AccountCredited(account_id=account, amount=5)

    store.execute(Cause(uuid4()), lambda: store.project(contract, about_account(account)))

    assert len(store.query(balances)) == shown
    store.close()


def about_account(account: UUID) -> Envelope:
    return Envelope(
        id=uuid4(),
        type=AccountCredited.type,
        source="ledger",
        entity_id=account,
        entity_version=1,
        occurred_at=NOON,
        recorded_at=NOON,
        position="1.1-1",
        actor="someone",
    )
