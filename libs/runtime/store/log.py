"""Following a store's log in commit order, without missing an event.

An event gets its id before its transaction commits, so ids become visible out of order. A reader
that remembers the last id misses late commits: 89 of 44,262 under 16 writers. Here the order is
(transaction, id), and nothing is read at or above the oldest running transaction. Whatever commits
later lies above what was read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from psycopg import Cursor
from psycopg.rows import DictRow
from typing_extensions import override

from libs.events.envelope import Envelope, event_id_of

_READ: Final = """
    SELECT originator_id, originator_version, topic, state, xact, notification_id,
           command_id, actor, traceparent, recorded_at,
           xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
                  + (SELECT base FROM store_epoch) AS settled
    FROM events
    WHERE (xact, notification_id) > (%s, %s)
    ORDER BY xact, notification_id
    LIMIT %s
"""

_READ_VISIBLE: Final = """
    SELECT originator_id, originator_version, topic, state, xact, notification_id,
           command_id, actor, traceparent, recorded_at
    FROM public.events
    WHERE (xact, notification_id) > (%s, %s)
    ORDER BY xact, notification_id
    LIMIT %s
"""


class Position(NamedTuple):
    """A position in the log: the event's transaction and its number."""

    xact: int
    id: int

    @override
    def __str__(self) -> str:
        return f"{self.xact}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Parse `xact-id`. Raises ValueError."""
        xact, _, number = text.partition("-")
        return cls(int(xact), int(number))


START: Final = Position(-1, -1)


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """A stored event with its log position and its cause."""

    position: Position
    stored: StoredEvent
    command_id: UUID
    actor: str
    traceparent: str | None
    recorded_at: datetime


class Page(NamedTuple):
    """The next events of the log; `unsettled` means that more wait for a running transaction."""

    events: Sequence[LoggedEvent]
    unsettled: bool


class TransactionCounterFellBack(Exception):
    """The database was restored into a server with a lower transaction counter."""


def read_after(curs: Cursor[DictRow], position: Position, limit: int) -> Page:
    """Return the next events in commit order, at most `limit`."""
    rows = curs.execute(_READ, (*position, limit), prepare=True).fetchall()
    events: list[LoggedEvent] = []
    for row in rows:
        if not row["settled"]:
            return Page(events, unsettled=True)
        events.append(_logged_event(row))
    return Page(events, unsettled=False)


def read_visible_after(curs: Cursor[DictRow], position: Position, limit: int) -> list[LoggedEvent]:
    """Return the next events that this transaction sees, settled or not; for holders of locks.

    Others may still commit below the last of them, so no follower may continue from there.
    """
    rows = curs.execute(_READ_VISIBLE, (*position, limit), prepare=True)
    return [_logged_event(row) for row in rows]


def _logged_event(row: DictRow) -> LoggedEvent:
    return LoggedEvent(
        position=Position(row["xact"], row["notification_id"]),
        stored=StoredEvent(
            originator_id=row["originator_id"],
            originator_version=row["originator_version"],
            topic=row["topic"],
            state=bytes(row["state"]),
        ),
        command_id=row["command_id"],
        actor=row["actor"],
        traceparent=row["traceparent"],
        recorded_at=row["recorded_at"],
    )


def envelope_of(
    service: str, event: LoggedEvent, occurred_at: datetime, type_: str, epoch: int
) -> Envelope:
    """Return the envelope of a stored event: a pure function of the row."""
    entity_id = event.stored.originator_id
    if isinstance(entity_id, str):
        raise TypeError("entities are named by UUIDs")
    version = event.stored.originator_version
    return Envelope(
        id=event_id_of(entity_id, version),
        type=type_,
        source=service,
        entity_id=entity_id,
        entity_version=version,
        occurred_at=occurred_at,
        recorded_at=event.recorded_at,
        position=f"{epoch}.{event.position}",
        actor=event.actor,
        traceparent=event.traceparent,
    )


def last_position(curs: Cursor[DictRow]) -> Position:
    """Return the settled end of the log, or START if it is empty."""
    row = curs.execute(
        "SELECT xact, notification_id FROM events ORDER BY xact DESC, notification_id DESC LIMIT 1"
    ).fetchone()
    return START if row is None else Position(row["xact"], row["notification_id"])


def at(curs: Cursor[DictRow], position: Position) -> LoggedEvent | None:
    """Return the event at a position."""
    row = curs.execute(
        "SELECT originator_id, originator_version, topic, state, xact, notification_id,"
        " command_id, actor, traceparent, recorded_at"
        " FROM events WHERE xact = %s AND notification_id = %s",
        position,
    ).fetchone()
    return None if row is None else _logged_event(row)


def epoch(curs: Cursor[DictRow]) -> int:
    """Return the store's epoch; an operator begins a new one after restoring an old backup."""
    row = curs.execute("SELECT epoch FROM store_epoch").fetchone()
    if row is None:
        raise LookupError("store_epoch has no row")
    return int(row["epoch"])


def epoch_of_producer(curs: Cursor[DictRow], durable: str) -> int:
    """From which epoch of its producer on a durable handles messages; 0 unless one was begun."""
    row = curs.execute(
        "SELECT epoch FROM producer_epochs WHERE durable = %s", (durable,)
    ).fetchone()
    return int(row["epoch"]) if row else 0


def check_transaction_counter(curs: Cursor[DictRow]) -> None:
    """Raise TransactionCounterFellBack if the log lies above the server's transaction counter."""
    row = curs.execute(
        """
        SELECT (SELECT max(xact) FROM events) AS last,
               pg_snapshot_xmax(pg_current_snapshot())::text::bigint
               + (SELECT base FROM store_epoch) AS next
        """
    ).fetchone()
    if row is not None and row["last"] is not None and row["last"] >= row["next"]:
        msg = f"the log ends at transaction {row['last']}, the server is at {row['next']}"
        raise TransactionCounterFellBack(msg)


def rebase(curs: Cursor[DictRow]) -> None:
    """Raise the server's transaction counter above the end of the log, after a restore."""
    curs.execute("LOCK TABLE store_epoch, events IN ACCESS EXCLUSIVE MODE")
    curs.execute(
        """
        UPDATE store_epoch SET base = greatest(base, (SELECT coalesce(max(xact), 0) + 1
            - pg_snapshot_xmin(pg_current_snapshot())::text::bigint FROM events))
        """
    )
