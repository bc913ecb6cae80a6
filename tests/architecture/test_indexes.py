"""The reads of busy pages use indexes: PostgreSQL explains each statement that they send."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import ClientCursor, Connection, sql
from psycopg.rows import DictRow, dict_row

from libs.runtime.scheduling.clock import SystemClock
from libs.runtime.views.view import View
from services.access.projections import VIEWS as ACCESS
from services.access.queries import get_entry, list_grants_of, list_members
from services.catalog.domain.refusals import PassNotFound
from services.catalog.projections import VIEWS as CATALOG
from services.catalog.queries import get_pass, get_space, list_spaces_of
from services.checkout.orders.queries import list_orders_of
from services.checkout.orders.team.queries import get_numbers, list_purchases
from services.checkout.projections import VIEWS as CHECKOUT

ROWS = 20_000
ONE = UUID(int=7)
NOW = SystemClock().now()
OF_TYPE = {
    "uuid": "lpad(to_hex(n), 32, '0')::uuid",
    "text": "'x' || n",
    "boolean": "false",
    "timestamp with time zone": "now()",
    "date": "current_date + n::integer",
    "jsonb": "'{}'",
    "ARRAY": "'{}'",
}
SPACE_OF_MANY = {"space_id": "lpad(to_hex(n % 1000), 32, '0')::uuid"}


class ExplainingCursor(ClientCursor[DictRow]):
    """Keeps the plan of each statement that it runs."""

    def __init__(self, connection: Connection[DictRow]) -> None:
        super().__init__(connection, row_factory=dict_row)
        self.plans: list[dict[str, Any]] = []

    def execute(self, query: Any, params: Any = None, **_: Any) -> "ExplainingCursor":
        super().execute(f"EXPLAIN (FORMAT JSON) {query}", params)
        self.plans += [row["QUERY PLAN"][0]["Plan"] for row in self]
        super().execute(query, params)
        return self


@dataclass
class Plans:
    """A read's plans: the tables that it scans as a whole, and the indexes that it uses."""

    whole_tables: set[str] = field(default_factory=set)
    indexes: set[str] = field(default_factory=set)

    def add(self, node: dict[str, Any]) -> None:
        if node["Node Type"] == "Seq Scan":
            self.whole_tables.add(node["Relation Name"])
        if "Index Name" in node:
            self.indexes.add(node["Index Name"])
        for part in node.get("Plans", []):
            self.add(part)


@dataclass
class Shop:
    """A database with the views of one service, each table full of rows."""

    connection: Connection[DictRow]

    def create(self, views: Iterable[View], **columns: dict[str, str]) -> None:
        """Create the views; `columns` gives the values of some columns, as SQL of a number n."""
        for view in views:
            self.connection.execute(view.ddl.encode())
            for table in view.tables:
                self.fill(table, columns.get(table, {}))
        self.connection.execute("ANALYZE")

    def fill(self, table: str, given: dict[str, str]) -> None:
        """Fill a table with rows that differ, except in the given columns."""
        described = self.connection.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s",
            (table,),
        )
        values = {row["column_name"]: OF_TYPE.get(row["data_type"], "n") for row in described}
        values |= given
        statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM generate_series(1, {}) AS n")
        self.connection.execute(
            statement.format(
                sql.Identifier(table),
                sql.SQL(", ").join(map(sql.Identifier, values)),
                sql.SQL(", ").join(map(sql.SQL, values.values())),
                ROWS,
            )
        )

    def explain(self, read: Callable[[Any], object]) -> Plans:
        """Return the plans of all statements that a read sends; a refusal of its result is fine."""
        curs = ExplainingCursor(self.connection)
        with suppress(PassNotFound):
            read(curs)
        found = Plans()
        for plan in curs.plans:
            found.add(plan)
        return found


@pytest.fixture
def shop(database: str) -> Iterator[Shop]:
    with psycopg.connect(database, autocommit=True, row_factory=dict_row) as connection:
        yield Shop(connection)


@pytest.fixture
def catalog(shop: Shop) -> Shop:
    migration = "services/catalog/migrations/0001_names_and_texts.sql"
    with open(migration, encoding="utf-8") as text:
        shop.connection.execute(text.read().encode())
    shop.fill("profile_texts", {})
    shop.create(
        CATALOG,
        space_list={"published": "true", "currency": "'EUR'"},
        experience_list={"kind": "'live'"} | SPACE_OF_MANY,
        pass_list={"status": "'draft'"} | SPACE_OF_MANY,
    )
    return shop


def test_space_finds_its_passes_on_sale_and_what_they_open_by_index(catalog: Shop) -> None:
    found = catalog.explain(lambda curs: get_space(curs, "x7", None))

    assert found.whole_tables == set()
    assert {"pass_list_of_space", "pass_experience_list_of_experience"} <= found.indexes


@pytest.mark.parametrize(
    "read",
    [
        lambda curs: get_pass(curs, "x7", "x7", None),
        lambda curs: list_spaces_of(curs, ONE),
    ],
    ids=["pass", "spaces of a person"],
)
def test_catalog_reads_no_table_as_a_whole(catalog: Shop, read: Callable[[Any], object]) -> None:
    found = catalog.explain(read)

    assert found.whole_tables == set()
    assert found.indexes


@pytest.mark.parametrize(
    "read",
    [
        lambda curs: get_entry(curs, ONE, ONE, NOW),
        lambda curs: list_grants_of(curs, ONE, NOW),
        lambda curs: list_members(curs, ONE, NOW, limit=50, offset=0),
    ],
    ids=["entry", "own grants", "members of a space"],
)
def test_access_reads_no_table_as_a_whole(shop: Shop, read: Callable[[Any], object]) -> None:
    shop.create(ACCESS, grant_list={"revoked_at": "NULL"} | SPACE_OF_MANY)

    found = shop.explain(read)

    assert found.whole_tables == set()
    assert found.indexes


def test_missing_index_is_noticed(shop: Shop) -> None:
    """The control of the tests above."""
    shop.create(ACCESS, grant_list={"revoked_at": "NULL"} | SPACE_OF_MANY)
    shop.connection.execute("DROP INDEX grant_list_door")

    found = shop.explain(lambda curs: get_entry(curs, ONE, ONE, NOW))

    assert found.whole_tables == {"grant_list"}


@pytest.mark.parametrize(
    "read",
    [
        lambda curs: list_orders_of(curs, ONE, 20),
        lambda curs: list_purchases(curs, ONE, limit=50, before=None),
        lambda curs: get_numbers(curs, ONE),
    ],
    ids=["orders of a person", "purchases in a space", "numbers of a space"],
)
def test_checkout_reads_no_table_as_a_whole(shop: Shop, read: Callable[[Any], object]) -> None:
    columns = "pass_id uuid PRIMARY KEY, capacity bigint, held bigint, sold bigint"
    shop.connection.execute(f"CREATE TABLE stock ({columns})".encode())
    shop.fill("stock", {})
    shop.create(
        CHECKOUT,
        order_list={"status": "'expired'"} | SPACE_OF_MANY,
        pass_sale=SPACE_OF_MANY,
    )

    found = shop.explain(read)

    assert found.whole_tables == set()
    assert found.indexes
