"""The logs of all services, as an operator reads them: straight from their databases."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import Mapper
from psycopg import Connection
from psycopg.rows import DictRow, dict_row

from libs.runtime.relay import ToContract
from ops.up.data_folder import DataFolder

SERVICES: Final = (
    "access",
    "catalog",
    "chat",
    "checkout",
    "identity",
    "notifications",
    "streaming",
)
"""The services that keep a log; the edges keep none."""


def database_url(service: str, data: DataFolder) -> str:
    """`CHECKOUT_DATABASE_URL` and the like, else the database of what runs on the data folder."""
    return os.environ.get(f"{service.upper()}_DATABASE_URL") or data.database_url(service)


def nats_url(data: DataFolder) -> str:
    """`NATS_URL`, else the NATS of what runs on the data folder."""
    return os.environ.get("NATS_URL") or data.nats_url()


@contextmanager
def reading(url: str) -> Iterator[Connection[DictRow]]:
    """A connection that can read and nothing else."""
    with psycopg.connect(url, row_factory=dict_row, autocommit=True) as conn:
        conn.execute("SET default_transaction_read_only = on")
        yield conn


def announces(service: str) -> ToContract:
    """How the service translates its stored events; reads code, starts nothing."""
    publishing = import_module(f"services.{service}.publishing")
    to_contract: ToContract = publishing.to_contract
    return to_contract


def event_mapper() -> Mapper[Any]:
    """Reads stored events as every service writes them."""
    application: Application[Any] = Application()
    return application.mapper
