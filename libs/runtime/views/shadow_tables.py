"""Tables of views in a place of their own, beside the live ones: built, compared, swapped."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import DictRow

from libs.runtime.views.view import HAS_SHAPE, View, shape_of

_LIVE: Final = "public"
_LOCK_WITHIN: Final = "2s"
_EXAMPLES: Final = 3
_HEARD: Final = "rebuild_heard"


@dataclass(frozen=True, slots=True)
class Place:
    """The schema in which tables are built; temporary ones are gone with their connection."""

    schema: str
    lasting: bool


SCRATCH: Final = Place("pg_temp", lasting=False)
SITE: Final = Place("rebuild", lasting=True)


@dataclass(frozen=True, slots=True)
class Difference:
    """What the live table of a view holds otherwise than its rebuild; the rows are examples."""

    table: str
    only_live: int
    only_rebuilt: int
    examples: Sequence[str]

    @property
    def found(self) -> bool:
        """Whether there is any."""
        return self.only_live + self.only_rebuilt > 0


class ShadowTables:
    """The tables of some views, empty at first, on a connection of their own."""

    def __init__(self, conn: Connection[DictRow], views: Sequence[View], place: Place) -> None:
        self.conn = conn
        self._views = views
        self._place = place

    @property
    def _tables(self) -> list[str]:
        return [table for view in self._views for table in view.tables]

    def make(self) -> None:
        """Create the tables anew, whatever an earlier try left behind."""
        with self.conn.transaction():
            if self._place.lasting:
                self.conn.execute(f"DROP SCHEMA IF EXISTS {self._place.schema} CASCADE")
                self.conn.execute(f"CREATE SCHEMA {self._place.schema}")
            # Nothing but its own tables is in a view's sight: one that reads others fails here.
            self.conn.execute(f"SET search_path = {self._place.schema}")
            for view in self._views:
                self.conn.execute(view.ddl)
            self.conn.execute(f"CREATE TABLE {_HEARD} (event_id uuid PRIMARY KEY, durable text)")
        # It is lost as a whole or not at all.
        self.conn.execute("SET synchronous_commit = off")

    def drop(self) -> None:
        """Leave nothing behind."""
        if self._place.lasting:
            self.conn.execute(f"DROP SCHEMA IF EXISTS {self._place.schema} CASCADE")

    def newly_handled(self, durable: str, event_ids: Sequence[Any]) -> set[Any]:
        """Those of the events that the service has handled and that were not asked for before."""
        rows = self.conn.execute(
            f"""
            INSERT INTO {_HEARD} SELECT event_id, durable FROM public.inbox
            WHERE event_id = ANY(%s) AND durable = %s
            ON CONFLICT DO NOTHING RETURNING event_id
            """,  # noqa: S608 - the names are ours
            (list(event_ids), durable),
        )
        return {row["event_id"] for row in rows}

    def still_coming(self, durable: str, event_ids: Sequence[Any]) -> set[Any]:
        """Those of the events that we have not applied and that may be handled any moment.

        Dead letters wait for an operator, skipped ones are in the inbox under another name.
        """
        rows = self.conn.execute(
            f"""
            SELECT id FROM unnest(%s::uuid[]) AS id
            WHERE NOT EXISTS (SELECT FROM {_HEARD} h WHERE h.event_id = id)
              AND NOT EXISTS (SELECT FROM public.inbox i
                              WHERE i.event_id = id AND i.durable <> %s)
              AND NOT EXISTS (SELECT FROM public.dead_letters p
                              WHERE p.durable = %s AND p.message_key = id::text)
            """,  # noqa: S608
            (list(event_ids), durable, durable),
        )
        return {row["id"] for row in rows}

    def missing(self, durable: str) -> int:
        """How many events the service has handled that no stream has shown us."""
        row = self.conn.execute(
            f"""
            SELECT count(*) AS missing FROM public.inbox i
            WHERE durable = %s
              AND NOT EXISTS (SELECT FROM {_HEARD} h WHERE h.event_id = i.event_id)
            """,  # noqa: S608
            (durable,),
        ).fetchone()
        return int(row["missing"]) if row else 0

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One moment of the database for everything inside: events, inbox and live tables agree."""
        with self.conn.transaction():
            self.conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody reads or writes the live tables meanwhile; new ones keep all writers out.

        Raises psycopg's LockNotAvailable when they are not free within 2 s.
        """
        with self.conn.transaction():
            self.conn.execute(f"SET LOCAL lock_timeout = '{_LOCK_WITHIN}'")
            for table in self._tables:
                if self._is_live(table):
                    self.conn.execute(f"LOCK TABLE {_LIVE}.{table} IN ACCESS EXCLUSIVE MODE")
                else:
                    self.conn.execute(
                        "LOCK TABLE public.events, public.inbox IN SHARE ROW EXCLUSIVE MODE"
                    )
            yield

    def _is_live(self, table: str) -> bool:
        row = self.conn.execute("SELECT to_regclass(%s) AS live", (f"{_LIVE}.{table}",)).fetchone()
        return row is not None and row["live"] is not None

    def differences(self) -> list[Difference]:
        """What is not the same row for row, in whatever order."""
        return [self._difference(table) for table in self._tables]

    def _difference(self, table: str) -> Difference:
        live, rebuilt = f"{_LIVE}.{table}", f"{self._place.schema}.{table}"
        if self._columns(live) != self._columns(rebuilt):
            why = "the columns are not the same"
            return Difference(table, self._count(live), self._count(rebuilt), [why])
        only_live, seen_live = self._only_in(live, rebuilt)
        only_rebuilt, seen_rebuilt = self._only_in(rebuilt, live)
        examples = [f"only live: {row}" for row in seen_live]
        examples += [f"only rebuilt: {row}" for row in seen_rebuilt]
        return Difference(table, only_live, only_rebuilt, examples)

    def _columns(self, table: str) -> list[str]:
        with self.conn.cursor() as curs:
            curs.execute(f"SELECT * FROM {table} LIMIT 0")  # noqa: S608
            return [f"{c.name} {c.type_code}" for c in curs.description or ()]

    def _count(self, table: str) -> int:
        row = self.conn.execute(f"SELECT count(*) AS rows FROM {table}").fetchone()  # noqa: S608
        return int(row["rows"]) if row else 0

    def _only_in(self, one: str, other: str) -> tuple[int, list[str]]:
        row = self.conn.execute(
            f"""
            WITH extra AS (SELECT * FROM {one} EXCEPT ALL SELECT * FROM {other})
            SELECT count(*) AS number,
                   (array_agg(to_jsonb(extra)::text ORDER BY to_jsonb(extra)::text))
                   [:{_EXAMPLES}] AS examples FROM extra
            """  # noqa: S608
        ).fetchone()
        if row is None:
            raise LookupError("an aggregate without a row")
        return row["number"], row["examples"] or []

    def swap(self) -> None:
        """Put the built tables in the place of the live ones, inside `locked`."""
        for view in self._views:
            for table in view.tables:
                self.conn.execute(f"DROP TABLE IF EXISTS {_LIVE}.{table}")
                self.conn.execute(f"ALTER TABLE {self._place.schema}.{table} SET SCHEMA {_LIVE}")
            self.conn.execute(HAS_SHAPE, {"name": view.name, "shape": shape_of(view)})
        # The swap is what lasts: it waits for its disk.
        self.conn.execute("SET LOCAL synchronous_commit = on")
