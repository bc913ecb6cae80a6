"""The breakable connection breaks as it should."""

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tests.chaos.wires import Wire, WireFault
from tests.servers import free_port


@pytest.fixture
def wire(database: str) -> Iterator[Wire]:
    port = urlsplit(database).port
    assert port is not None
    made = Wire("postgres", free_port(), port)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def through(wire: Wire, database: str) -> Iterator["psycopg.Connection[tuple[int]]"]:
    """A connection through the proxy, to a table without rows."""
    parts = urlsplit(database)
    assert parts.port is not None
    address = parts.netloc.replace(str(parts.port), str(wire.port))
    with psycopg.connect(database, autocommit=True) as direct:
        direct.execute("CREATE TABLE kept (id int)")
    connection = psycopg.connect(urlunsplit(parts._replace(netloc=address)), connect_timeout=3)
    yield connection
    connection.close()


def rows_in(database: str) -> int:
    with psycopg.connect(database) as direct:
        row = direct.execute("SELECT count(*) FROM kept").fetchone()
    return row[0] if row else 0


def test_cut_after_commit_keeps_the_row_and_loses_the_answer(
    wire: Wire, through: "psycopg.Connection[tuple[int]]", database: str
) -> None:
    through.execute("INSERT INTO kept VALUES (1)")

    wire.break_it(WireFault.CUT_AFTER_COMMIT)
    with pytest.raises(psycopg.OperationalError):
        through.commit()

    assert wire.hits == 1
    assert rows_in(database) == 1


def test_cut_wire_refuses_connections_until_it_is_mended(
    wire: Wire, through: "psycopg.Connection[tuple[int]]", database: str
) -> None:
    wire.break_it(WireFault.CUT)

    with pytest.raises(psycopg.OperationalError):
        through.execute("INSERT INTO kept VALUES (1)")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(through.info.dsn, password=through.info.password, connect_timeout=3)
    wire.mend()
    psycopg.connect(through.info.dsn, password=through.info.password, connect_timeout=3).close()

    assert rows_in(database) == 0


def test_cut_answer_raises_an_error(wire: Wire, through: "psycopg.Connection[tuple[int]]") -> None:
    through.execute("SELECT 1")

    wire.break_it(WireFault.CUT_ANSWER, most_hits=1)

    with pytest.raises(psycopg.OperationalError):
        through.execute("SELECT 1")
    assert wire.hits == 1
