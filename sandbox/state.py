"""The sandbox's state: JSON documents in one SQLite file that survives kill -9."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS document (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (collection, id)
);
CREATE INDEX IF NOT EXISTS document_in_order ON document (collection, seq);
"""
_CHUNK = 100


class StorageFull(Exception):
    """The disk of the sandbox is full: nothing was written."""


class State:
    """One durable file of documents; safe to share between threads.

    A write outside of `transaction()` is committed at once. Never await inside a transaction,
    because all coroutines of a thread share it.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)

    def collection(self, name: str) -> "Collection":
        """Return the documents kept under a name such as `stripe.payment_intents`."""
        return Collection(self, name)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all writes inside together, or none if an exception leaves.

        Raises StorageFull.
        """
        with self._lock:
            if self._depth == 0:
                with _full_disk_named():
                    self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    with _full_disk_named():
                        self._connection.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already.
                if self._depth == 1 and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def execute(self, sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        with self._lock, _full_disk_named():
            return self._connection.execute(sql, values).fetchall()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


@contextmanager
def _full_disk_named() -> Iterator[None]:
    """Raise StorageFull where SQLite reports a full disk."""
    try:
        yield
    except sqlite3.OperationalError as fault:
        # The primary code is the lowest byte: https://sqlite.org/rescode.html
        if fault.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise StorageFull(f"The disk of the sandbox is full ({fault}): make room.") from fault
        raise


class Collection:
    """The documents of one kind by id, in the order of their first writes."""

    def __init__(self, state: State, name: str) -> None:
        self._state = state
        self.name = name

    def get(self, document_id: str) -> Document | None:
        """Return a copy of one document, or None."""
        sql = "SELECT body FROM document WHERE collection = ? AND id = ?"
        rows = self._state.execute(sql, (self.name, document_id))
        return json.loads(rows[0][0]) if rows else None

    def put(self, document_id: str, document: Document) -> None:
        """Store one document; it replaces an older one of that id and keeps its place."""
        sql = (
            "INSERT INTO document (collection, id, body) VALUES (?, ?, ?) "
            "ON CONFLICT (collection, id) DO UPDATE SET body = excluded.body"
        )
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        self._state.execute(sql, (self.name, document_id, body))

    def delete(self, document_id: str) -> bool:
        """Delete one document; returns whether there was one."""
        sql = "DELETE FROM document WHERE collection = ? AND id = ? RETURNING id"
        return bool(self._state.execute(sql, (self.name, document_id)))

    def all(self) -> list[Document]:
        """Return every document, oldest first."""
        sql = "SELECT body FROM document WHERE collection = ? ORDER BY seq"
        return [json.loads(body) for (body,) in self._state.execute(sql, (self.name,))]

    def newest(self) -> Iterator[Document]:
        """Yield the documents newest first, reading only as far as needed."""
        sql = (
            "SELECT seq, body FROM document WHERE collection = ? AND seq < ? "
            "ORDER BY seq DESC LIMIT ?"
        )
        before = 2**62
        while rows := self._state.execute(sql, (self.name, before, _CHUNK)):
            for seq, body in rows:
                before = seq
                yield json.loads(body)

    def __len__(self) -> int:
        sql = "SELECT count(*) FROM document WHERE collection = ?"
        return int(self._state.execute(sql, (self.name,))[0][0])
