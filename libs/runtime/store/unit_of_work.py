"""The transaction that is open in this context, and what hangs on its commit."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from eventsourcing.persistence import StoredEvent
from psycopg import Connection, Cursor
from psycopg.rows import DictRow

from libs.runtime.store.cause import Cause


class NoUnitOfWork(RuntimeError):
    """A write was tried outside of a transaction of the store."""


@dataclass
class UnitOfWork:
    """One open transaction of one store: everything that is saved in it stands or falls together.

    `project` brings the views up to date with events that were just written.
    """

    connection: Connection[DictRow]
    cause: Cause
    project: Callable[[Sequence[StoredEvent]], None]
    wrote_events: bool = False
    scheduled: bool = False
    after_commit: list[Callable[[], None]] = field(default_factory=list)

    def cursor(self) -> Cursor[DictRow]:
        """A cursor of this transaction; its rows are dicts."""
        return self.connection.cursor()


_open: ContextVar[UnitOfWork | None] = ContextVar("unit_of_work", default=None)


def current() -> UnitOfWork | None:
    """The transaction that is open in this context, if one is."""
    return _open.get()


def required() -> UnitOfWork:
    """The transaction that is open in this context. Raises NoUnitOfWork."""
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
