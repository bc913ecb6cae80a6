"""The event store in PostgreSQL: a persistence module of the eventsourcing library.

The library's own recorder locks the whole table so that followers miss nothing. This one stores
each event's transaction id instead, and readers stop below the oldest running transaction
(event-driven.io/en/ordering_in_postgres_outbox). It uses no NOTIFY, which locks the whole server at
commit. Every call joins the open unit of work of its context.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    Notification,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    TrackingRecorder,
)
from psycopg import Cursor
from psycopg.rows import DictRow
from typing_extensions import override

from libs.runtime.failpoints import failpoint
from libs.runtime.store import unit_of_work

# A transaction that got its id early (by its inbox row, for example) may extend an entity that a
# later transaction has changed and committed. Its events then get the later id: an entity's events
# stand in the log in the order of their versions. A higher id is equally safe for followers.
_INSERT_EVENTS = """
    INSERT INTO events
        (originator_id, originator_version, topic, state, command_id, actor, traceparent, xact)
    SELECT new.*, %s, %s, %s,
           greatest(pg_current_xact_id()::text::bigint + (SELECT base FROM store_epoch),
               (SELECT before.xact FROM events before WHERE before.originator_id = new.id
                ORDER BY before.originator_version DESC LIMIT 1))
    FROM {source} AS new (id, version, topic, state)
    RETURNING notification_id
"""
_ROW = "(%s::uuid, %s::bigint, %s::text, %s::bytea)"
_ARRAYS = "unnest(%s::uuid[], %s::bigint[], %s::text[], %s::bytea[])"
# PostgreSQL assumes ten elements in an array parameter, finds that expensive, and plans the
# statement anew at each execution, which cost as much as the insert itself. As rows, an insert is
# planned once for each connection and number of events. Larger numbers are rare and share the array
# statement.
_FEW = 8
_INSERT_SNAPSHOTS = """
    INSERT INTO snapshots (originator_id, originator_version, topic, state)
    SELECT new.* FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::bytea[]) AS new
    ON CONFLICT DO NOTHING
"""


class Recorder(AggregateRecorder):
    """Stored events or snapshots of aggregates, written and read inside a unit of work."""

    def __init__(self, table: str) -> None:
        self._table = table

    @override
    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        if stored_events:
            unit = unit_of_work.required()
            with unit.cursor() as curs:
                curs.execute(_INSERT_SNAPSHOTS, _columns(stored_events))
            failpoint("snapshot.taken")
        return None

    @override
    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        with unit_of_work.required().cursor() as curs:
            # The table's name is ours; all values are parameters.
            curs.execute(
                f"""
                SELECT originator_id, originator_version, topic, state FROM {self._table}
                WHERE originator_id = %s
                  AND originator_version > %s AND originator_version <= %s
                ORDER BY originator_version {"DESC" if desc else "ASC"} LIMIT %s
                """,  # noqa: S608
                (originator_id, -1 if gt is None else gt, _MAX if lte is None else lte, limit),
                prepare=True,
            )
            return [_stored_event(row) for row in curs]


_MAX = 2**62


@cache
def _insert_of_rows(count: int) -> str:
    return _INSERT_EVENTS.format(source=f"(VALUES {', '.join([_ROW] * count)})")


def _rows(stored_events: Sequence[StoredEvent]) -> Iterator[object]:
    for e in stored_events:
        yield from (e.originator_id, e.originator_version, e.topic, e.state)


def _columns(stored_events: Sequence[StoredEvent]) -> tuple[Sequence[object], ...]:
    return (
        [e.originator_id for e in stored_events],
        [e.originator_version for e in stored_events],
        [e.topic for e in stored_events],
        [e.state for e in stored_events],
    )


def _stored_event(row: DictRow) -> StoredEvent:
    return StoredEvent(
        originator_id=row["originator_id"],
        originator_version=row["originator_version"],
        topic=row["topic"],
        state=bytes(row["state"]),
    )


class EventRecorder(Recorder, ApplicationRecorder):
    """The log of a service: each event with its transaction, command, actor and trace.

    Raises psycopg's UniqueViolation if another writer took the version first.
    """

    def __init__(self) -> None:
        super().__init__("events")

    @override
    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        if not stored_events:
            return []
        unit = unit_of_work.required()
        with unit.cursor() as curs:
            self._insert(curs, stored_events, unit)
            written = [row["notification_id"] for row in curs]
        unit.wrote_events = True
        unit.project(stored_events)
        return written

    def _insert(
        self,
        curs: Cursor[DictRow],
        stored_events: Sequence[StoredEvent],
        unit: unit_of_work.UnitOfWork,
    ) -> None:
        cause = unit.cause
        caused = (cause.command_id, cause.actor, cause.traceparent)
        if len(stored_events) <= _FEW:
            statement = _insert_of_rows(len(stored_events))
            curs.execute(statement, (*caused, *_rows(stored_events)), prepare=True)
        else:
            statement = _INSERT_EVENTS.format(source=_ARRAYS)
            curs.execute(statement, (*caused, *_columns(stored_events)), prepare=True)

    @override
    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        msg = "notification ids are not in the order of commits: follow the log with EventLog"
        raise NotImplementedError(msg)

    @override
    def max_notification_id(self) -> int | None:
        with unit_of_work.required().cursor() as curs:
            row = curs.execute("SELECT max(notification_id) AS last FROM events").fetchone()
            return None if row is None else row["last"]

    @override
    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        msg = "the library's subscription ends when PostgreSQL restarts: use the relay"
        raise NotImplementedError(msg)


class Factory(InfrastructureFactory[TrackingRecorder]):
    """Gives the library this module's recorders; the inbox does the tracking."""

    @override
    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        return Recorder("snapshots")

    @override
    def application_recorder(self) -> ApplicationRecorder:
        return EventRecorder()

    @override
    def tracking_recorder(
        self, tracking_recorder_class: type[TrackingRecorder] | None = None
    ) -> TrackingRecorder:
        raise NotImplementedError("the inbox knows which events were handled, by their ids")

    @override
    def process_recorder(self) -> ProcessRecorder:
        raise NotImplementedError("reactions are handled by the consumer loop")
