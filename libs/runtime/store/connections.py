"""Connections to PostgreSQL that return the moment the server does.

psycopg's own pool reconnects in the background with doubling pauses; it stayed away for more than 8
s after a restart of 0.1 s. Here the caller that needs a connection opens it, and a broken one is
dropped.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow, dict_row

KEEPALIVE: Final[dict[str, Any]] = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""Finds a silent server (power loss, a firewall that dropped the connection) after about 10 s;
Linux's defaults take 15 min to 2 h."""


class NoConnectionFree(psycopg.OperationalError):
    """All connections were in use for longer than the caller may wait."""


class Connections:
    """At most `size` connections, the most recently used first; rows are dicts."""

    def __init__(self, url: str, size: int, application_name: str) -> None:
        self._url = url
        self._application_name = application_name
        self._slots = threading.BoundedSemaphore(size)
        self._idle: list[Connection[DictRow]] = []
        self._ended = False

    @contextmanager
    def connection(self, wait_s: float = 3.0) -> Iterator[Connection[DictRow]]:
        """Lend a connection in autocommit mode. Raises NoConnectionFree, or OperationalError."""
        if not self._slots.acquire(timeout=wait_s):
            raise NoConnectionFree("every connection is in use")
        try:
            conn = self._idle_or_new()
            try:
                yield conn
            finally:
                self._give_back(conn)
        finally:
            self._slots.release()

    def end(self) -> None:
        """Close all; connections in use are closed when they return."""
        self._ended = True
        self.drop_idle()

    def drop_idle(self) -> None:
        """Close idle connections: a restart of the server breaks all of them."""
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:
                return

    def _idle_or_new(self) -> Connection[DictRow]:
        try:
            return self._idle.pop()
        except IndexError:
            return psycopg.connect(
                self._url,
                autocommit=True,
                row_factory=dict_row,
                application_name=self._application_name,
                **KEEPALIVE,
            )

    def _give_back(self, conn: Connection[DictRow]) -> None:
        idle = conn.pgconn.transaction_status == psycopg.pq.TransactionStatus.IDLE
        if self._ended or conn.closed or conn.broken or not idle:
            conn.close()
        else:
            self._idle.append(conn)
