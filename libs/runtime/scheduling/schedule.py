"""The durable schedule: work that is due at a time, kept in the database until it is done."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from psycopg.types.json import Jsonb

from libs.runtime.scheduling.clock import Clock
from libs.runtime.store import unit_of_work

logger = logging.getLogger(__name__)

Payload: TypeAlias = Mapping[str, Any]
Timer: TypeAlias = Callable[[Payload, Any], None]
"""A timer. Runs in the transaction that deletes its schedule entry."""
Job: TypeAlias = Callable[[Payload], Callable[[], None] | None]
"""A job. Calls a provider outside of any transaction; what it returns records the outcome in one.
"""

_DELAYS_S: Final = (0.2, 1, 3, 10, 30, 60, 300)

# The lease stays: the present worker ends first, or its old call could land last.
_AT: Final = """
    INSERT INTO schedule (kind, key, due_at, payload, traceparent)
    VALUES (%(kind)s, %(key)s, %(due_at)s, %(payload)s, %(traceparent)s)
    ON CONFLICT (kind, key) DO UPDATE
    SET due_at = excluded.due_at, payload = excluded.payload, traceparent = excluded.traceparent,
        attempts = 0, last_error = NULL
"""


class Schedule:
    """Adds and removes schedule entries inside the open unit of work."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def at(self, kind: str, key: str, due_at: datetime, payload: Payload) -> None:
        """Schedule work, at once if the time has passed. The same kind and key moves the entry."""
        unit = unit_of_work.required()
        with unit.cursor() as curs:
            curs.execute(
                _AT,
                {
                    "kind": kind,
                    "key": key,
                    "due_at": due_at,
                    "payload": Jsonb(dict(payload)),
                    "traceparent": unit.cause.traceparent,
                },
                prepare=True,
            )
        unit.scheduled = unit.scheduled or due_at <= self._clock.now() + timedelta(seconds=1)

    def cancel(self, kind: str, key: str) -> None:
        """Remove an entry; does nothing if the work is done already."""
        with unit_of_work.required().cursor() as curs:
            curs.execute("DELETE FROM schedule WHERE kind = %s AND key = %s", (kind, key))


@dataclass(frozen=True, slots=True)
class Entry:
    """One schedule entry."""

    kind: str
    key: str
    due_at: datetime
    payload: Payload
    attempts: int = 0
    traceparent: str | None = None


@dataclass
class MemorySchedule:
    """A schedule without a database, for tests and simulations of one service."""

    entries: list[Entry] = field(default_factory=list)

    def at(self, kind: str, key: str, due_at: datetime, payload: Payload) -> None:
        self.cancel(kind, key)
        self.entries.append(Entry(kind, key, due_at, payload))

    def cancel(self, kind: str, key: str) -> None:
        self.entries = [e for e in self.entries if (e.kind, e.key) != (kind, key)]


def delay_after(attempts: int) -> timedelta:
    """Return the pause after that many failed attempts: from 0.2 s up to 5 min."""
    return timedelta(seconds=_DELAYS_S[min(attempts, len(_DELAYS_S)) - 1])
