import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.scheduling.worker import AT_ONCE, LEASE_S, Worker
from libs.runtime.service import Service
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from libs.runtime.tests.ledger import Balances, Ledger, Refused, balances, nothing, settings
from libs.runtime.tests.test_pipe import until

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=10)
_NOBODY = 4_194_304  # above every process id of Linux


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def store(database: str, clock: FixedClock) -> Iterator[Store[Ledger]]:
    store = Store("ledger", database, Ledger, views=[Balances()], clock=clock)
    store.open()
    yield store
    store.close()


def put_on(store: Store[Ledger], kind: str, account: UUID, due_at: datetime = LATER) -> None:
    payload = {"account": str(account)}
    store.work(Cause(uuid4()), lambda: store.schedule.at(kind, str(account), due_at, payload))


def credit_ten(payload: Mapping[str, Any], app: Ledger) -> None:
    app.credit(UUID(payload["account"]), 10)


def entries(store: Store[Ledger]) -> list[dict[str, Any]]:
    return store.query(lambda c: c.execute("SELECT * FROM schedule").fetchall())


async def test_a_timer_runs_when_its_time_has_come_and_once(
    store: Store[Ledger], clock: FixedClock
) -> None:
    account = uuid4()
    worker = Worker(store, {"credit": credit_ten}, {})
    put_on(store, "credit", account)
    assert await worker.run_due() == 0

    clock.advance(timedelta(minutes=10))
    done = [await worker.run_due(), await worker.run_due()]

    assert done == [1, 0]
    assert store.query(balances) == {account: 10}


async def test_a_timer_that_was_cancelled_does_not_run(
    store: Store[Ledger], clock: FixedClock
) -> None:
    account = uuid4()
    worker = Worker(store, {"credit": credit_ten}, {})
    put_on(store, "credit", account)
    store.work(Cause(uuid4()), lambda: store.schedule.cancel("credit", str(account)))

    clock.advance(timedelta(minutes=10))

    assert await worker.run_due() == 0


async def test_a_refusal_ends_a_timer(store: Store[Ledger]) -> None:
    def refuse(payload: Mapping[str, Any], app: Ledger) -> None:
        app.credit(UUID(payload["account"]), -1)

    worker = Worker(store, {"credit": refuse}, {}, refusals=[Refused])
    put_on(store, "credit", uuid4(), NOON)

    await worker.run_due()

    assert entries(store) == []


async def test_failed_job_is_retried_and_its_error_is_stored(
    store: Store[Ledger], clock: FixedClock
) -> None:
    account, calls = uuid4(), []

    def call_provider(payload: Mapping[str, Any]) -> Any:
        calls.append(payload)
        if len(calls) == 1:
            raise ConnectionError("the provider is away")
        return lambda: store.application.credit(account, 1)

    worker = Worker(store, {}, {"call": call_provider})
    put_on(store, "call", account, NOON)

    await worker.run_due()
    [waiting] = entries(store)
    clock.advance(timedelta(seconds=1))
    await worker.run_due()

    assert "the provider is away" in waiting["last_error"]
    assert store.query(balances) == {account: 1}
    assert entries(store) == []


@pytest.mark.parametrize(("back_s", "told"), [(3600, 1), (2, 0)])
async def test_clock_moved_back_raises_one_alarm_and_a_small_correction_none(
    store: Store[Ledger],
    clock: FixedClock,
    caplog: pytest.LogCaptureFixture,
    back_s: int,
    told: int,
) -> None:
    worker = Worker(store, {"credit": credit_ten}, {})

    for by in (0, 3600, -back_s, 1, 1):
        clock.advance(timedelta(seconds=by))
        await worker.run_due()

    assert caplog.text.count("Clock moved back") == told


async def test_work_of_a_process_that_died_is_done_by_another_after_the_lease(
    store: Store[Ledger], clock: FixedClock
) -> None:
    account = uuid4()
    put_on(store, "credit", account, NOON)
    dead = Worker(store, {"credit": credit_ten}, {})
    dead._claim()
    living = Worker(store, {"credit": credit_ten}, {})

    too_early = await living.run_due()
    clock.advance(timedelta(seconds=LEASE_S))
    in_time = await living.run_due()

    assert (too_early, in_time) == (0, 1)
    assert store.query(balances) == {account: 10}


async def test_work_of_a_dead_process_is_taken_over_once_its_connection_is_gone(
    store: Store[Ledger], database: str
) -> None:
    account = uuid4()
    put_on(store, "credit", account, NOON)
    with psycopg.connect(database) as connection:
        dying = Worker(store, {"credit": credit_ten}, {}, backend=backend_of(connection))
        dying._claim()
        living = Worker(store, {"credit": credit_ten}, {})
        while_it_lives = await living.run_due()
        pid = connection.info.backend_pid
    wait_until_gone(store, pid)

    afterwards = await living.run_due()

    assert (while_it_lives, afterwards) == (0, 1)
    assert store.query(balances) == {account: 10}


async def test_entry_leased_by_a_lost_answer_is_claimed_again(
    store: Store[Ledger], database: str
) -> None:
    account = uuid4()
    put_on(store, "credit", account, NOON)
    with psycopg.connect(database) as connection:
        worker = Worker(store, {"credit": credit_ten}, {}, backend=backend_of(connection))
        worker._claim()

        again = await worker.run_due()

    assert again == 1
    assert store.query(balances) == {account: 10}


async def test_running_work_is_not_claimed_again_after_a_server_restart(
    store: Store[Ledger],
) -> None:
    account, asked, go_on = uuid4(), asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    calls: list[Mapping[str, Any]] = []

    def call(payload: Mapping[str, Any]) -> None:
        calls.append(payload)
        loop.call_soon_threadsafe(asked.set)
        assert go_on.wait(10)

    put_on(store, "call", account, NOON)
    worker = Worker(store, {}, {"call": call}, backend=lambda: _NOBODY)
    running = asyncio.create_task(worker.run())
    await asked.wait()
    worker.wake()
    await asyncio.sleep(1.2)
    go_on.set()
    while entries(store):  # noqa: ASYNC110 - polls the database
        await asyncio.sleep(0.05)
    running.cancel()

    assert len(calls) == 1


async def test_job_that_outlives_its_lease_still_records_its_outcome(
    store: Store[Ledger], clock: FixedClock
) -> None:
    account, asked, go_on = uuid4(), threading.Event(), threading.Event()
    recorded: list[str] = []

    def slow(_: Mapping[str, Any]) -> Callable[[], None]:
        asked.set()
        assert go_on.wait(20)
        return lambda: recorded.append("slow")

    put_on(store, "call", account, NOON)
    with ThreadPoolExecutor(1) as threads:
        stalled = Worker(store, {}, {"call": slow}, threads=threads)
        stalling = asyncio.create_task(stalled.run_due())
        await asyncio.to_thread(asked.wait, 20)
        clock.advance(timedelta(seconds=LEASE_S))
        other = Worker(store, {}, {"call": lambda _: lambda: recorded.append("other")})
        done_meanwhile = await other.run_due()
        go_on.set()
        await stalling

    assert done_meanwhile == 1
    assert recorded == ["other", "slow"]
    assert entries(store) == []


async def test_job_moved_while_it_runs_runs_again_afterwards(
    store: Store[Ledger], clock: FixedClock
) -> None:
    """The old call could land after the new one, and the provider would keep outdated data."""
    account, asked, go_on = uuid4(), threading.Event(), threading.Event()
    told: list[str] = []

    def tell(payload: Mapping[str, Any]) -> None:
        if payload["wish"] == "old":
            asked.set()
            assert go_on.wait(20)
        told.append(payload["wish"])

    def wish(what: str) -> None:
        store.schedule.at("tell", str(account), clock.now(), {"wish": what})

    store.work(Cause(uuid4()), lambda: wish("old"))
    with ThreadPoolExecutor(1) as threads:
        slow = Worker(store, {}, {"tell": tell}, threads=threads)
        telling = asyncio.create_task(slow.run_due())
        await asyncio.to_thread(asked.wait, 20)
        clock.advance(timedelta(seconds=1))
        store.work(Cause(uuid4()), lambda: wish("new"))
        other = Worker(store, {}, {"tell": tell})
        meanwhile = await other.run_due()
        go_on.set()
        await telling
        afterwards = await other.run_due()

    assert (meanwhile, afterwards) == (0, 1)
    assert told == ["old", "new"]
    assert entries(store) == []


async def test_timers_run_while_every_job_hangs(database: str, nats_url: str) -> None:
    account, hung = uuid4(), Hanging()
    store = Store("ledger", database, Ledger, views=[Balances()])
    service = Service(
        settings(database, nats_url),
        store,
        publishes=nothing,
        timers={"credit": credit_ten},
        jobs={"call": hung},
    )
    async with service.running():
        for _ in range(3 * AT_ONCE):
            put_on(store, "call", uuid4(), NOON)
        await until(lambda: hung.calls == AT_ONCE)

        put_on(store, "credit", account, LATER)
        await until(lambda: store.query(balances) == {account: 10})

        assert hung.calls == AT_ONCE
        hung.go_on.set()
        await until(lambda: entries(store) == [])


async def test_one_worker_for_both_would_let_the_timers_wait(
    store: Store[Ledger], clock: FixedClock
) -> None:
    """The positive control."""
    account, hung = uuid4(), Hanging()
    clock.advance(timedelta(hours=1))
    with ThreadPoolExecutor(AT_ONCE + 2) as threads:
        worker = Worker(store, {"credit": credit_ten}, {"call": hung}, threads=threads)
        for _ in range(3 * AT_ONCE):
            put_on(store, "call", uuid4(), NOON)
        running = asyncio.create_task(worker.run())
        await until(lambda: hung.calls == AT_ONCE)

        put_on(store, "credit", account, LATER)
        worker.wake()
        await asyncio.sleep(1.2)
        meanwhile = store.query(balances)
        hung.go_on.set()
        await until(lambda: entries(store) == [])
        running.cancel()

    assert meanwhile == {}
    assert store.query(balances) == {account: 10}


class Hanging:
    """A provider that answers nobody until the test lets it."""

    def __init__(self) -> None:
        self.calls = 0
        self.go_on = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, _: Mapping[str, Any]) -> None:
        with self._lock:
            self.calls += 1
        assert self.go_on.wait(60)


def backend_of(connection: psycopg.Connection[Any]) -> Callable[[], int]:
    pid = connection.info.backend_pid
    return lambda: pid


def wait_until_gone(store: Store[Ledger], pid: int) -> None:
    sql = "SELECT pid FROM pg_stat_activity WHERE pid = %s"
    while store.query(lambda c: c.execute(sql, (pid,)).fetchone()):
        time.sleep(0.02)


async def test_two_workers_share_the_work_without_doing_any_of_it_twice(
    store: Store[Ledger],
) -> None:
    accounts = [uuid4() for _ in range(30)]
    for account in accounts:
        put_on(store, "credit", account, NOON)
    workers = [Worker(store, {"credit": credit_ten}, {}) for _ in range(2)]

    running = [asyncio.create_task(worker.run()) for worker in workers]
    while entries(store):  # noqa: ASYNC110 - polls the database
        await asyncio.sleep(0.05)
    for task in running:
        task.cancel()

    assert store.query(balances) == dict.fromkeys(accounts, 10)
