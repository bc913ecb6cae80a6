"""The open transaction of this context, and what happens after its commit."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from eventsourcing.persistence import StoredEvent
from psycopg import Connection, Cursor
from psycopg.rows import DictRow

from libs.runtime.store.cause import Cause


class NoUnitOfWork(RuntimeError):
    """A write was attempted outside of a transaction of the store."""


@dataclass
class UnitOfWork:
    """One open transaction of one store: everything saved in it commits or fails together.

    `project` applies new events to the views.
    """

    connection: Connection[DictRow]
    cause: Cause
    project: Callable[[Sequence[StoredEvent]], None]
    wrote_events: bool = False
    scheduled: bool = False
    after_commit: list[Callable[[], None]] = field(default_factory=list)

    def cursor(self) -> Cursor[DictRow]:
        """Return a cursor of this transaction; its rows are dicts."""
        return self.connection.cursor()


_open: ContextVar[UnitOfWork | None] = ContextVar("unit_of_work", default=None)


def current() -> UnitOfWork | None:
    """Return the open transaction of this context, or None."""
    return _open.get()


def required() -> UnitOfWork:
    """Return the open transaction of this context. Raises NoUnitOfWork."""
    unit = _open.get()
    if unit is None:
        raise NoUnitOfWork("open one with Store.execute")
    return unit


@contextmanager
def opened(unit: UnitOfWork) -> Iterator[UnitOfWork]:
    """Make it the transaction of this context."""
    token = _open.set(unit)
    try:
        yield unit
    finally:
        _open.reset(token)
