"""A starting service creates its tables, or brings them up to date."""

from uuid import uuid4

import psycopg
import pytest
from psycopg import Cursor
from psycopg.rows import DictRow, dict_row

from libs.runtime.store import tables
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from libs.runtime.tests.ledger import Balances, Ledger, balances
from tests.servers import PostgresServer


class OtherBalances(Balances):
    """The same view in another shape."""

    ddl = Balances.ddl.replace("balance bigint", "balance numeric")


def a_store(url: str, view: Balances) -> Store[Ledger]:
    store = Store("ledger", url, Ledger, views=[view])
    store.open()
    return store


def test_a_view_is_built_from_all_of_the_log_whoever_else_is_writing_on_the_server(
    postgres: PostgresServer, database: str
) -> None:
    """Followers stop below the server's oldest transaction. A view under construction must not: it
    would never see the events that it leaves out."""
    elsewhere = postgres.create_database()
    early, late = uuid4(), uuid4()
    store = a_store(database, Balances())
    store.execute(Cause(uuid4()), lambda: store.application.credit(early, 1))
    with psycopg.connect(elsewhere) as other:
        other.execute("CREATE TABLE something (n int)")
        store.execute(Cause(uuid4()), lambda: store.application.credit(late, 7))
        store.close()

        again = a_store(database, OtherBalances())

        assert again.query(balances) == {early: 1, late: 7}
        again.close()
    postgres.drop_database(elsewhere)


def locks(curs: Cursor[DictRow]) -> set[str]:
    rows = curs.execute(
        "SELECT relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
        " WHERE pid = pg_backend_pid() AND relkind = 'r' AND mode <> 'AccessShareLock'"
    )
    return {row["relname"] for row in rows} & {
        "events",
        "schedule",
        "dead_letters",
        "inbox",
        "views",
    }


@pytest.mark.parametrize("is_known", [True, False])
def test_a_start_with_nothing_to_do_locks_nothing_that_others_write(
    database: str, is_known: bool
) -> None:
    store = a_store(database, Balances())
    with psycopg.connect(database, row_factory=dict_row) as conn, conn.cursor() as curs:
        if not is_known:
            curs.execute("DELETE FROM migrations")

        tables.bring_up_to_date(curs, "ledger", store.application.mapper, store.views, None)

        assert (locks(curs) == set()) == is_known
    store.close()
