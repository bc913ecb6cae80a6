"""How far a log was read, stored so that a restored log is noticed."""

from dataclasses import dataclass
from typing import Final

from psycopg import Connection
from psycopg.rows import DictRow

_END: Final = """
    SELECT xact, notification_id AS id, originator_id::text AS entity, originator_version AS version
    FROM events
    WHERE xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
                 + (SELECT base FROM store_epoch)
    ORDER BY xact DESC, notification_id DESC LIMIT 1
"""
_STANDS: Final = """
    SELECT FROM events WHERE (xact, notification_id) = (%s, %s)
    AND originator_id::text = %s AND originator_version = %s
"""


@dataclass(frozen=True, slots=True)
class LogCursor:
    """An event of a log: nothing will ever be written before it."""

    xact: int = -1
    id: int = -1
    entity: str = ""
    version: int = 0


def settled_end(conn: Connection[DictRow]) -> LogCursor:
    """Return the last event below every running transaction, or the beginning if there is none."""
    row = conn.execute(_END).fetchone()
    return LogCursor(**row) if row else LogCursor()


def still_there(conn: Connection[DictRow], cursor: LogCursor) -> LogCursor:
    """Return the cursor, or the beginning if an older copy of the log was restored."""
    known = (cursor.xact, cursor.id, cursor.entity, cursor.version)
    return cursor if conn.execute(_STANDS, known).fetchone() is not None else LogCursor()
