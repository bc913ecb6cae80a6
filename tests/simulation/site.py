"""The databases of the simulated services: created once, wiped before each story."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow, dict_row

from libs.runtime.store.connections import Connections
from tests.servers import PostgresServer
from tests.simulation.wiring import SERVICES

# A story has one thread: a wait for a lock would never end.
_OPTIONS = "?options=-c%20lock_timeout%3D2000"
_CONNECTIONS = 8
_THOROUGH_EVERY = 20
_KEPT = ("store_epoch", "views", "migrations")


class Site:
    """One database per service, and a connection to each for the checks."""

    def __init__(self, postgres: PostgresServer) -> None:
        self._postgres = postgres
        self._plain = {service: postgres.create_database() for service in SERVICES}
        self.urls: Mapping[str, str] = {s: url + _OPTIONS for s, url in self._plain.items()}
        self.eyes: Mapping[str, Connection[DictRow]] = {
            service: psycopg.connect(url, autocommit=True, row_factory=dict_row)
            for service, url in self._plain.items()
        }
        # A dead process loses its connections; opening new ones would take half of the time.
        self.connections: Mapping[str, Connections] = {
            service: Connections(url, _CONNECTIONS, service) for service, url in self.urls.items()
        }
        self._tables: dict[str, list[str]] = {}
        self._wiped = 0

    def wipe(self) -> None:
        """Empty the tables."""
        # Deleting a few rows is faster, but leaves dead rows behind.
        thoroughly = self._wiped % _THOROUGH_EVERY == 0
        self._wiped += 1
        for service, eye in self.eyes.items():
            tables = self._tables_of(service)
            if thoroughly:
                eye.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")
            else:
                eye.execute("; ".join(f"DELETE FROM {table}" for table in tables))  # noqa: S608

    def _tables_of(self, service: str) -> list[str]:
        if service not in self._tables:
            rows = self.rows(
                service,
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                " AND tablename <> ALL(%s) ORDER BY tablename",
                list(_KEPT),
            )
            self._tables[service] = [row["tablename"] for row in rows]
        return self._tables[service]

    def rows(self, service: str, statement: str, *parameters: Any) -> list[DictRow]:
        """Return rows of a service's database."""
        return self.eyes[service].execute(statement, parameters, prepare=True).fetchall()

    def close(self) -> None:
        """Remove the databases."""
        for service, eye in self.eyes.items():
            eye.close()
            self.connections[service].drop_idle()
            self._postgres.drop_database(self._plain[service])
