"""The tests' own servers are real ones, and keep their data across a kill."""

import nats
import psycopg

from tests.servers import NatsServer, PostgresServer


def test_each_database_is_empty_and_runs_on_postgresql_18_with_vectors(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE EXTENSION vector")
        version = connection.execute("SHOW server_version").fetchone()
        tables = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()

    assert version is not None
    assert version[0].startswith("18.")
    assert tables == (0,)


def test_a_killed_postgresql_keeps_what_was_committed(own_postgres: PostgresServer) -> None:
    url = own_postgres.create_database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE seat (id int)")
        connection.execute("INSERT INTO seat VALUES (7)")
    assert own_postgres.server is not None

    own_postgres.server.restart()

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT id FROM seat").fetchone() == (7,)


async def test_a_killed_nats_keeps_what_it_acknowledged(own_nats: NatsServer) -> None:
    client = await nats.connect(own_nats.url)
    stream = client.jetstream()
    await stream.add_stream(name="seats", subjects=["seats.>"])
    await stream.publish("seats.taken", b"7")
    await client.close()
    assert own_nats.server is not None

    own_nats.server.restart()

    client = await nats.connect(own_nats.url)
    kept = await client.jetstream().get_last_msg("seats", "seats.taken")
    await client.close()
    assert kept.data == b"7"


async def test_the_shared_nats_speaks_jetstream(nats_url: str) -> None:
    client = await nats.connect(nats_url)

    account = await client.jetstream().account_info()

    await client.close()
    assert account.limits is not None
