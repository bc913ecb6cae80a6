"""Connections to PostgreSQL that are there again the moment the server is.

psycopg's own pool connects in the background with doubling pauses and stayed away for more than 8 s
after a restart of 0.1 s. Here the one who needs a connection makes it, and a broken one is dropped.
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
"""A server that is gone without a word (a host without power, a firewall that forgot us) is noticed
after some 10 s; by default Linux takes a quarter of an hour, or two."""


class NoConnectionFree(psycopg.OperationalError):
    """All connections have been in use for as long as we were willing to wait."""


class Connections:
    """At most `size` connections, the one that was used last first; rows come as dicts."""

    def __init__(self, url: str, size: int, application_name: str) -> None:
        self._url = url
        self._application_name = application_name
        self._slots = threading.BoundedSemaphore(size)
        self._idle: list[Connection[DictRow]] = []
        self._ended = False

    @contextmanager
    def connection(self, wait_s: float = 3.0) -> Iterator[Connection[DictRow]]:
        """One in autocommit mode. Raises NoConnectionFree, or OperationalError when it can't be."""
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
        """Close all; one that is still in use is closed when it is given back."""
        self._ended = True
        self.drop_idle()

    def drop_idle(self) -> None:
        """Close those that nobody uses: after a restart of the server all of them are broken."""
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
