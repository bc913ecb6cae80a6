"""The databases of the simulated services: made once, wiped before each story."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow, dict_row

from tests.servers import PostgresServer
from tests.simulation.cast import SERVICES

# A story has one thread: whoever waits for a lock would wait for ever.
_OPTIONS = "?options=-c%20lock_timeout%3D2000"
_KEPT = ("store_epoch", "views", "migrations")


class Site:
    """One database per service, and a connection to each for those who look at the outcome."""

    def __init__(self, postgres: PostgresServer) -> None:
        self._postgres = postgres
        self._plain = {service: postgres.create_database() for service in SERVICES}
        self.urls: Mapping[str, str] = {s: url + _OPTIONS for s, url in self._plain.items()}
        self.eyes: Mapping[str, Connection[DictRow]] = {
            service: psycopg.connect(url, autocommit=True, row_factory=dict_row)
            for service, url in self._plain.items()
        }
        self._wipes: dict[str, str] = {}

    def wipe(self) -> None:
        """Leave the tables, and nothing in them."""
        for service, eye in self.eyes.items():
            if service not in self._wipes:
                rows = eye.execute(
                    "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                    " AND tablename <> ALL(%s) ORDER BY tablename",
                    (list(_KEPT),),
                )
                names = ", ".join(row["tablename"] for row in rows)
                self._wipes[service] = f"TRUNCATE {names} RESTART IDENTITY"
            eye.execute(self._wipes[service])

    def rows(self, service: str, statement: str, *parameters: Any) -> list[DictRow]:
        """What stands in a service's database."""
        return self.eyes[service].execute(statement, parameters, prepare=True).fetchall()

    def close(self) -> None:
        """Remove the databases."""
        for service, eye in self.eyes.items():
            eye.close()
            self._postgres.drop_database(self._plain[service])
