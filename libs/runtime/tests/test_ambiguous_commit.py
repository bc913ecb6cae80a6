"""PostgreSQL commits and the answer is lost: each kind of write still happens once."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from libs.events.envelope import Envelope, event_id_of
from libs.runtime.scheduling.worker import Worker
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from libs.runtime.tests.ledger import AccountCredited, Balances, Ledger, balances
from libs.runtime.tests.wired import wired
from tests.chaos.wires import Wire, WireFault

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
Credit = Callable[[], int]
Write = Callable[[Store[Ledger], Credit], Callable[[], Any]]


@pytest.fixture
def wire_and_store(database: str) -> Iterator[tuple[Wire, Store[Ledger]]]:
    with wired(database) as (wire, url):
        store = Store("ledger", url, Ledger, views=[Balances()])
        store.open()
        yield wire, store
        store.close()


def command(store: Store[Ledger], credit: Credit) -> Callable[[], Any]:
    cause = Cause(uuid4())
    return lambda: store.execute(cause, credit)


def commands_in_one(store: Store[Ledger], credit: Credit) -> Callable[[], Any]:
    """As the order batcher does."""
    causes = [Cause(uuid4()), Cause(uuid4())]

    def serve() -> list[int]:
        return [store.execute_within(cause, credit) for cause in causes]

    return lambda: store.work(Cause(uuid4()), serve)


def reaction(store: Store[Ledger], credit: Credit) -> Callable[[], Any]:
    about = Envelope(
        id=event_id_of(uuid4(), 1),
        type=AccountCredited.type,
        source="other",
        entity_id=uuid4(),
        entity_version=1,
        occurred_at=LONG_AGO,
        recorded_at=LONG_AGO,
        position="1.1-1",
        actor="someone",
    )

    def react() -> None:
        store.react(about, "ledger-other", lambda: credit() and None)

    return react


def timer(store: Store[Ledger], credit: Credit) -> Callable[[], Any]:
    due = store.clock.now() - timedelta(seconds=1)
    store.work(Cause(uuid4()), lambda: store.schedule.at("credit", "all", due, {}))
    worker = Worker(store, {"credit": lambda _payload, _app: credit() and None}, {})
    return lambda: asyncio.run(worker.run_due())


@pytest.mark.parametrize(
    ("write", "answers", "balance"),
    [
        (command, [5, 5], 5),
        (commands_in_one, [[5, 10], [5, 10]], 10),
        (reaction, [None, None], 5),
        (timer, [1, 0], 5),
    ],
)
def test_unconfirmed_commit_happens_once_and_returns_the_stored_answer(
    wire_and_store: tuple[Wire, Store[Ledger]], write: Write, answers: list[Any], balance: int
) -> None:
    (wire, store), account = wire_and_store, uuid4()
    once = write(store, lambda: store.application.credit(account, 5))
    wire.break_it(WireFault.CUT_AFTER_COMMIT, most_hits=1)

    told = [once(), once()]

    assert wire.hits == 1, "no answer was cut: nothing is proved"
    assert told == answers
    assert store.query(balances) == {account: balance}


def test_blind_retry_after_a_cut_connection_writes_twice(
    wire_and_store: tuple[Wire, Store[Ledger]],
) -> None:
    """The control: work without a row of its own that says that it is done."""
    (wire, store), account = wire_and_store, uuid4()
    wire.break_it(WireFault.CUT_AFTER_COMMIT, most_hits=1)

    store.work(Cause(uuid4()), lambda: store.application.credit(account, 5))

    assert wire.hits == 1
    assert store.query(balances) == {account: 10}
