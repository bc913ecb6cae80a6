"""The loop that does what is due on the schedule."""

import asyncio
import contextvars
import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from psycopg import Cursor
from psycopg.rows import DictRow

from libs.runtime.failpoints import failpoint
from libs.runtime.scheduling.schedule import Entry, Job, Timer, delay_after
from libs.runtime.store import unit_of_work
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from libs.runtime.telemetry import continued_span, current_traceparent

logger = logging.getLogger(__name__)

LEASE_S: Final = 15
"""How long an entry is leased; calls to providers must time out earlier.

The lease also ends with its process: `backend` is the PostgreSQL process behind our connection.
"""
AT_ONCE: Final = 8
_POLL_S: Final = 0.5
_SET_BACK: Final = timedelta(minutes=1)
"""Clock steps below this are normal corrections and raise no alarm."""

# Entries that we lease but do not hold come from an answer that got lost.
_CLAIM: Final = """
    UPDATE schedule
    SET leased_until = %(lease)s, leased_by = %(backend)s, attempts = attempts + 1
    WHERE (kind, key) IN (
        SELECT kind, key FROM schedule
        WHERE kind = ANY(%(kinds)s) AND due_at <= %(now)s
          AND (leased_until IS NULL OR leased_until <= %(now)s OR leased_by = %(backend)s
               OR leased_by IS NOT NULL
                  AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = leased_by))
          AND (kind, key) NOT IN (SELECT * FROM unnest(%(our_kinds)s::text[], %(our_keys)s::text[]))
        ORDER BY due_at LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    )
    RETURNING kind, key, due_at, payload, attempts, traceparent
"""
# Only if the entry has not moved since.
_REMOVE: Final = "DELETE FROM schedule WHERE kind = %s AND key = %s AND due_at = %s"
_POSTPONE: Final = """
    UPDATE schedule SET due_at = %s, leased_until = NULL, last_error = %s
    WHERE kind = %s AND key = %s AND due_at = %s
"""
# The entry moved while we worked on it: any worker may take it now.
_LET_GO: Final = """
    UPDATE schedule SET leased_until = NULL
    WHERE kind = %s AND key = %s AND due_at <> %s AND leased_by IS NOT DISTINCT FROM %s
"""


def _unknown() -> None:
    """Without a backend, nobody can tell that we died, so our leases run to their end."""


class Worker:
    """Runs a service's timers or its jobs; replicas share the work.

    A service has one worker for timers and one for jobs, because jobs of a hanging provider occupy
    every slot.
    """

    def __init__(  # noqa: PLR0913
        self,
        store: Store[Any],
        timers: Mapping[str, Timer],
        jobs: Mapping[str, Job],
        *,
        refusals: Iterable[type[Exception]] = (),
        threads: Executor | None = None,
        backend: Callable[[], int | None] = _unknown,
        at_once: int = AT_ONCE,
    ) -> None:
        self.done = 0
        self._store = store
        self._timers = timers
        self._jobs = jobs
        self._kinds = [*timers, *jobs]
        self._refusals = tuple(refusals)
        self._threads = threads
        self._backend = backend
        self._at_once = at_once
        self._in_hand: set[tuple[str, str]] = set()
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._woken = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Wake the worker: something is due."""
        self._woken.set()

    async def run(self) -> None:
        """Do what is due, for ever."""
        if not self._kinds:
            return
        while True:
            try:
                self._woken.clear()
                entries = await self._in_thread(self._claim) if self._free else []
                for entry in entries:
                    self._begin(entry)
                if not entries or not self._free:
                    await self._wait()
            except Exception as fault:
                logger.warning("The schedule waits for its database: %r", fault)
                await asyncio.sleep(0.5)

    async def run_due(self) -> int:
        """Do what is due now; returns how many entries that were."""
        entries = self._claim()
        for entry in entries:
            await self._do(entry)
        return len(entries)

    def _begin(self, entry: Entry) -> None:
        place = (entry.kind, entry.key)
        self._in_hand.add(place)
        task = asyncio.create_task(self._do(entry))
        self._tasks.add(task)

        def ended(_: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            self._in_hand.discard(place)
            self._woken.set()

        task.add_done_callback(ended)

    @property
    def _free(self) -> int:
        return self._at_once - len(self._in_hand)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_POLL_S):
                await self._woken.wait()
        except TimeoutError:
            pass

    def _claim(self) -> list[Entry]:
        now, in_hand = self._store.clock.now(), list(self._in_hand)
        self._notice_set_back(now)

        def claim(curs: Cursor[DictRow]) -> list[Entry]:
            rows = curs.execute(
                _CLAIM,
                {
                    "lease": now + timedelta(seconds=LEASE_S),
                    "backend": self._backend(),
                    "now": now,
                    "kinds": self._kinds,
                    "our_kinds": [kind for kind, _ in in_hand],
                    "our_keys": [key for _, key in in_hand],
                    "limit": max(self._free, 1),
                },
                prepare=True,
            )
            return [Entry(**row) for row in rows]

        return self._store.query(claim)

    def _notice_set_back(self, now: datetime) -> None:
        """Restart recurring entries that a wrong clock has scheduled far ahead."""
        if now + _SET_BACK < self._latest:
            logger.error(
                "Clock moved back from %s to %s; restart %s to reschedule recurring jobs.",
                self._latest,
                now,
                self._store.service,
            )
        self._latest = now

    async def _do(self, entry: Entry) -> None:
        try:
            await self._in_thread(self._carry_out, entry)
            self.done += 1
        except Exception as fault:
            logger.warning("%s %s failed and is retried: %r", entry.kind, entry.key, fault)
            await self._in_thread(self._postpone, entry, repr(fault))

    def _carry_out(self, entry: Entry) -> None:
        failpoint("worker.claimed")
        with continued_span(entry.kind, entry.traceparent):
            cause = Cause(
                uuid5(NAMESPACE_URL, f"{entry.kind}/{entry.key}/{entry.due_at.isoformat()}"),
                actor=self._store.service,
                traceparent=current_traceparent() or entry.traceparent,
            )
            if entry.kind in self._timers:
                self._run_timer(entry, cause)
            else:
                self._run_job(entry, cause)

    def _run_timer(self, entry: Entry, cause: Cause) -> None:
        def time_has_come() -> None:
            if self._removed(entry):
                self._timers[entry.kind](entry.payload, self._store.application)
                failpoint("worker.in_timer")

        try:
            self._store.work(cause, time_has_come)
        except self._refusals as refusal:
            logger.info("%s %s was refused: %r", entry.kind, entry.key, refusal)
            self._store.work(cause, lambda: self._removed(entry))

    def _run_job(self, entry: Entry, cause: Cause) -> None:
        """Record a job's outcome even if the lease ended or the entry moved meanwhile.

        The call has happened at the provider. Another worker may have made it as well, so the
        recording must be idempotent.
        """

        failpoint("worker.before_job")
        record = self._jobs[entry.kind](entry.payload)
        failpoint("worker.after_job")

        def record_outcome() -> None:
            self._removed(entry)
            if record is not None:
                record()

        self._store.work(cause, record_outcome)

    def _removed(self, entry: Entry) -> bool:
        with unit_of_work.required().cursor() as curs:
            done = curs.execute(_REMOVE, (entry.kind, entry.key, entry.due_at)).rowcount == 1
            if not done:
                curs.execute(_LET_GO, (entry.kind, entry.key, entry.due_at, self._backend()))
        return done

    def _postpone(self, entry: Entry, error: str) -> None:
        due_at = self._store.clock.now() + delay_after(entry.attempts)

        def postpone(curs: Cursor[DictRow]) -> None:
            curs.execute(_POSTPONE, (due_at, error, entry.kind, entry.key, entry.due_at))

        self._store.query(postpone)

    async def _in_thread(self, call: Callable[..., Any], *arguments: Any) -> Any:
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: context.run(call, *arguments))
