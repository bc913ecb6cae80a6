"""A service's own PostgreSQL: one transaction per command, and the threads it runs in."""

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Generic, TypeVar
from uuid import NAMESPACE_URL, uuid5

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import StoredEvent
from psycopg import Cursor
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from libs.events.contract import Contract
from libs.events.envelope import Envelope
from libs.runtime.failpoints import failpoint
from libs.runtime.scheduling.clock import Clock, SystemClock
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.store import log, unit_of_work
from libs.runtime.store.cause import Cause
from libs.runtime.store.connections import Connections
from libs.runtime.store.faults import Conflict, KeyReused, Overloaded, StoreUnavailable
from libs.runtime.store.interventions import is_runtime_topic
from libs.runtime.store.tables import bring_up_to_date
from libs.runtime.store.unit_of_work import UnitOfWork
from libs.runtime.telemetry import current_traceparent
from libs.runtime.views.view import View, about_own

A = TypeVar("A", bound=Application[Any])
R = TypeVar("R")

_CONFLICTS_DECIDED_AGAIN: Final = 3
_CONFLICT_PAUSE_S: Final = 0.005
_PATIENCE_S: Final = 8.0


class Store(Generic[A]):
    """The application of a service on its database.

    `execute` is the only way to write. It commits a command's events, views, answer and schedule
    entries together or not at all.
    """

    def __init__(  # noqa: PLR0913
        self,
        service: str,
        database_url: str,
        application: Callable[[dict[str, str]], A],
        *,
        views: Sequence[View] = (),
        migrations: Path | None = None,
        clock: Clock | None = None,
        pool_size: int = 16,
    ) -> None:
        self.service = service
        self.views = views
        self.clock = clock or SystemClock()
        self.schedule = Schedule(self.clock)
        self.application = application({"PERSISTENCE_MODULE": "libs.runtime.store.postgres"})
        self.on_events: Callable[[], None] = _nothing
        self.on_scheduled: Callable[[], None] = _nothing
        self.outdated_views: Sequence[View] = ()
        self._migrations = migrations
        self._free = threading.BoundedSemaphore(pool_size)
        self._threads = ThreadPoolExecutor(pool_size, thread_name_prefix="store")
        # Relay, consumers and schedule use threads of their own, beside those of the edge.
        self._connections = Connections(database_url, pool_size + 12, service)

    def open(self) -> None:
        """Connect and bring the tables up to date; refuse a log above the server's transaction
        counter."""
        with self._connections.connection() as conn, conn.transaction(), conn.cursor() as curs:
            self.outdated_views = bring_up_to_date(
                curs, self.service, self.application.mapper, self.views, self._migrations
            )
        self.query(log.check_transaction_counter)

    def close(self) -> None:
        """Close the connections after running commands have finished."""
        self._threads.shutdown()
        self._connections.end()

    def execute(self, cause: Cause, decide: Callable[[], R]) -> R:
        """Carry out a command once: `decide` runs in one transaction, and its answer is stored.

        The answer must be JSON. A repeated command gets the stored answer; raises KeyReused if its
        request differs. A conflict is decided again, at most three times (then Conflict). After a
        lost connection, the store looks up whether the command was committed (StoreUnavailable
        after 8 s). A refusal of `decide` passes through and nothing is written. Inside another
        command it joins that one.
        """
        if unit_of_work.current() is not None:
            return decide()
        try:
            return self._in_unit(cause, lambda unit: _once(unit, decide))
        except (StoreUnavailable, psycopg.Error):
            raise
        except Exception:
            # Two copies of a command ran at once: ours was refused because of what the other one
            # did.
            done = self.query(lambda curs: _remembered(curs, cause))
            if done is None:
                raise
            answer: R = done["answer"]
            return answer

    def execute_within(self, cause: Cause, decide: Callable[[], R]) -> R:
        """Carry out a command once inside the open unit of work, which serves several commands.

        Its writes carry this cause, and its answer is stored as by `execute`. Raises NoUnitOfWork.
        """
        unit = unit_of_work.required()
        unit.cause = cause
        return _once(unit, decide)

    def react(self, about: Envelope, durable: str, decide: Callable[[], None]) -> bool:
        """Handle an event of another service once; returns False if it was handled before, or if
        its epoch is over."""
        cause = Cause(
            about.id, actor=about.actor, traceparent=current_traceparent() or about.traceparent
        )
        return self._in_unit(cause, lambda unit: _once_per_event(unit, about, durable, decide))

    def work(self, cause: Cause, decide: Callable[[], R]) -> R:
        """Write without storing an answer, for work whose own row says that it is done."""
        return self._in_unit(cause, lambda _: decide())

    def query(self, read: Callable[[Cursor[DictRow]], R]) -> R:
        """Read the views or the log, across a restart of PostgreSQL if need be."""
        cause = Cause(uuid5(NAMESPACE_URL, "query"))

        def reading(unit: UnitOfWork) -> R:
            with unit.cursor() as curs:
                return read(curs)

        return self._in_unit(cause, reading, self._connected)

    async def command(self, cause: Cause, decide: Callable[[], R]) -> R:
        """Call `execute` from async code. Raises Overloaded at once if all threads are busy."""
        return await self._threaded(lambda: self.execute(cause, decide))

    async def ask(self, read: Callable[[Cursor[DictRow]], R]) -> R:
        """Call `query` from async code. Raises Overloaded at once if all threads are busy."""
        return await self._threaded(lambda: self.query(read))

    def cursor(self) -> Cursor[DictRow]:
        """Return a cursor of the open transaction. Raises NoUnitOfWork."""
        return unit_of_work.required().cursor()

    def after_commit(self, act: Callable[[], None]) -> None:
        """Wake something in this process once the open transaction is committed."""
        unit_of_work.required().after_commit.append(act)

    def project(self, contract: Contract, about: Envelope) -> None:
        """Apply an event to the views that subscribe to it, inside the open transaction."""
        self._apply(contract, about, [v for v in self.views if type(contract) in v.subscriptions])

    def envelope_of(self, event: log.LoggedEvent, type_: str, epoch: int) -> Envelope:
        """Return the envelope of a stored event: a pure function of the row."""
        domain_event: Any = self.application.mapper.to_domain_event(event.stored)
        return log.envelope_of(self.service, event, domain_event.timestamp, type_, epoch)

    async def _threaded(self, call: Callable[[], R]) -> R:
        if not self._free.acquire(blocking=False):
            raise Overloaded
        context = contextvars.copy_context()
        work = self._threads.submit(lambda: context.run(call))
        # A thread is free when its work ends, even if nobody waits for it any more.
        work.add_done_callback(lambda _: self._free.release())
        return await asyncio.wrap_future(work)

    def _in_unit(
        self,
        cause: Cause,
        act: Callable[[UnitOfWork], R],
        run: Callable[[Cause, Callable[[UnitOfWork], R]], R] | None = None,
    ) -> R:
        joined = unit_of_work.current()
        if joined is not None:
            return act(joined)
        give_up_at = time.monotonic() + _PATIENCE_S
        conflicts = 0
        while True:
            try:
                return (run or self._transaction)(cause, act)
            except (
                psycopg.errors.UniqueViolation,
                psycopg.errors.SerializationFailure,
                psycopg.errors.DeadlockDetected,
            ) as lost:
                conflicts += 1
                if conflicts > _CONFLICTS_DECIDED_AGAIN:
                    raise Conflict(str(lost)) from lost
                time.sleep(_CONFLICT_PAUSE_S * conflicts)
            except (psycopg.OperationalError, psycopg.InterfaceError) as broken:
                # A connection cut after COMMIT looks like one cut before it. The next attempt finds
                # the command's own row if it was committed.
                if time.monotonic() > give_up_at:
                    raise StoreUnavailable(str(broken)) from broken
                time.sleep(0.1)
                self._connections.drop_idle()

    def _transaction(self, cause: Cause, act: Callable[[UnitOfWork], R]) -> R:
        with self._connections.connection() as conn, conn.transaction():
            unit = UnitOfWork(conn, cause, self._project_own)
            with unit_of_work.opened(unit):
                answer = act(unit)
            if conn.pgconn.transaction_status == TransactionStatus.INERROR:
                # A commit would roll everything back without an error.
                raise psycopg.errors.InFailedSqlTransaction("a fault of the database was swallowed")
            failpoint("store.before_commit")
        failpoint("store.after_commit")
        if unit.wrote_events:
            self.on_events()
        if unit.scheduled:
            self.on_scheduled()
        for wake in unit.after_commit:
            wake()
        return answer

    def _connected(self, cause: Cause, act: Callable[[UnitOfWork], R]) -> R:
        """Lend a connection without a transaction: each statement stands alone."""
        with self._connections.connection() as conn:
            unit = UnitOfWork(conn, cause, self._project_own)
            with unit_of_work.opened(unit):
                return act(unit)

    def _project_own(self, stored_events: Sequence[StoredEvent]) -> None:
        if not self.views:
            return
        cause = unit_of_work.required().cause
        for stored in stored_events:
            if is_runtime_topic(stored.topic):
                continue
            event: Any = self.application.mapper.to_domain_event(stored)
            self._apply(event, about_own(self.service, event, cause), self.views)

    @staticmethod
    def _apply(event: object, about: Envelope, views: Sequence[View]) -> None:
        with unit_of_work.required().cursor() as curs:
            for view in views:
                view.apply(event, about, curs)


def _nothing() -> None:
    """Do nothing: no waker is registered."""


def _once(unit: UnitOfWork, decide: Callable[[], R]) -> R:
    with unit.cursor() as curs:
        done = _remembered(curs, unit.cause)
        if done is not None:
            answer: R = done["answer"]
            return answer
        decided = decide()
        curs.execute(
            "INSERT INTO commands (command_id, answer, request) VALUES (%s, %s, %s)",
            (unit.cause.command_id, Jsonb(decided), unit.cause.request),
            prepare=True,
        )
        return decided


def _remembered(curs: Cursor[DictRow], cause: Cause) -> DictRow | None:
    """Return the stored answer of a command. Raises KeyReused if the request differs."""
    done = curs.execute(
        "SELECT answer, request FROM commands WHERE command_id = %s",
        (cause.command_id,),
        prepare=True,
    ).fetchone()
    if done is not None and done["request"] != cause.request:
        raise KeyReused(cause.command_id)
    return done


def _once_per_event(
    unit: UnitOfWork, about: Envelope, durable: str, decide: Callable[[], None]
) -> bool:
    with unit.cursor() as curs:
        first = curs.execute(
            "INSERT INTO inbox (event_id, durable) SELECT %(id)s, %(durable)s WHERE NOT EXISTS"
            " (SELECT FROM producer_epochs WHERE durable = %(durable)s AND epoch > %(epoch)s)"
            " ON CONFLICT DO NOTHING RETURNING event_id",
            {"id": about.id, "durable": durable, "epoch": about.epoch},
            prepare=True,
        ).fetchone()
    if first is not None:
        decide()
    return first is not None


__all__ = ["Cause", "Conflict", "KeyReused", "Overloaded", "Store", "StoreUnavailable"]
