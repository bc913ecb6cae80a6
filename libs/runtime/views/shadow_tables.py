"""Tables of views in a schema beside the live ones: built, compared, swapped."""

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
class Schema:
    """The schema in which tables are built; temporary ones disappear with their connection."""

    name: str
    lasting: bool


TEMPORARY: Final = Schema("pg_temp", lasting=False)
PERSISTENT: Final = Schema("rebuild", lasting=True)


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """How the live table of a view differs from its rebuild; the rows are examples."""

    table: str
    only_live: int
    only_rebuilt: int
    examples: Sequence[str]

    @property
    def found(self) -> bool:
        """Return whether there are any."""
        return self.only_live + self.only_rebuilt > 0


class AnotherRebuild(Exception):
    """Another rebuild of this service's views is running."""


class ShadowTables:
    """The tables of some views, empty at first, on a connection of their own."""

    def __init__(self, conn: Connection[DictRow], views: Sequence[View], schema: Schema) -> None:
        self.conn = conn
        self._views = views
        self._schema = schema

    @property
    def _tables(self) -> list[str]:
        return [table for view in self._views for table in view.tables]

    def exclude_other_rebuilds(self) -> None:
        """Lock out other rebuilds while this connection lives. Raises AnotherRebuild."""
        row = self.conn.execute(
            "SELECT pg_try_advisory_lock(hashtextextended('rebuild of views', 0)) AS alone"
        ).fetchone()
        if row is None or not row["alone"]:
            raise AnotherRebuild("wait for it to end")

    def make(self) -> None:
        """Create the tables, dropping leftovers of an earlier attempt."""
        with self.conn.transaction():
            if self._schema.lasting:
                self.conn.execute(f"DROP SCHEMA IF EXISTS {self._schema.name} CASCADE")
                self.conn.execute(f"CREATE SCHEMA {self._schema.name}")
            # A view sees only its own tables here, so a view that reads others fails.
            self.conn.execute(f"SET search_path = {self._schema.name}")
            for view in self._views:
                self.conn.execute(view.ddl)
            self.conn.execute(f"CREATE TABLE {_HEARD} (event_id uuid PRIMARY KEY, durable text)")
        # A loss affects all of it or nothing.
        self.conn.execute("SET synchronous_commit = off")

    def drop(self) -> None:
        """Remove the tables."""
        if self._schema.lasting:
            self.conn.execute(f"DROP SCHEMA IF EXISTS {self._schema.name} CASCADE")

    def newly_handled(self, durable: str, event_ids: Sequence[Any]) -> set[Any]:
        """Return those of the events that the service has handled and that were not asked for
        before."""
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
        """Return those of the events that we have not applied and that may be handled at any
        moment.

        Dead letters wait for an operator; skipped ones are in the inbox under another name.
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
        """Return how many handled events no stream has delivered."""
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
        """Read events, inbox and live tables as of one moment."""
        with self.conn.transaction():
            self.conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the live tables against everyone; if tables are new, keep all writers out.

        Raises psycopg's LockNotAvailable if they are not free within 2 s.
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

    def discrepancies(self) -> list[Discrepancy]:
        """Compare the tables row for row, in any order."""
        return [self._discrepancy(table) for table in self._tables]

    def _discrepancy(self, table: str) -> Discrepancy:
        live, rebuilt = f"{_LIVE}.{table}", f"{self._schema.name}.{table}"
        if self._columns(live) != self._columns(rebuilt):
            why = "the columns are not the same"
            return Discrepancy(table, self._count(live), self._count(rebuilt), [why])
        only_live, seen_live = self._only_in(live, rebuilt)
        only_rebuilt, seen_rebuilt = self._only_in(rebuilt, live)
        examples = [f"only live: {row}" for row in seen_live]
        examples += [f"only rebuilt: {row}" for row in seen_rebuilt]
        return Discrepancy(table, only_live, only_rebuilt, examples)

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
        """Replace the live tables with the built ones, inside `locked`."""
        for view in self._views:
            for table in view.tables:
                self.conn.execute(f"DROP TABLE IF EXISTS {_LIVE}.{table}")
                self.conn.execute(f"ALTER TABLE {self._schema.name}.{table} SET SCHEMA {_LIVE}")
            self.conn.execute(HAS_SHAPE, {"name": view.name, "shape": shape_of(view)})
        # The swap must be durable, so it waits for the disk.
        self.conn.execute("SET LOCAL synchronous_commit = on")
