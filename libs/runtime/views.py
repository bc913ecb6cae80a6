"""Views: tables that are written in the transaction of the events they show."""

from collections.abc import Mapping
from typing import Any

from psycopg import Cursor
from psycopg.rows import DictRow

from libs.events.envelope import Envelope

Row = Mapping[str, Any]
ViewCursor = Cursor[DictRow]


class View:
    """A table (or a few) and the way in which each event changes it.

    A view is a pure consequence of events: it calls no provider, reads no clock and no table but
    its own, so it can be built again from nothing at any time. `ddl` creates the tables.
    """

    name: str
    tables: tuple[str, ...]
    ddl: str

    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        """Change the tables by one event: our own private one, or a contract of another service."""
        raise NotImplementedError
