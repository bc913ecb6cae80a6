"""The logs of all services, as an operator reads them: straight from their databases."""

import getpass
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import psycopg
import typer
from eventsourcing.application import Application
from eventsourcing.persistence import Mapper
from nats.aio.client import Client
from psycopg import Connection
from psycopg.rows import DictRow, dict_row

from libs.events.contract import Contract
from libs.runtime.messaging import bus
from libs.runtime.messaging.handling import Reaction, with_views
from libs.runtime.messaging.relay import ToContract
from libs.runtime.messaging.streams import Streams
from libs.runtime.store.interventions import Interventions, Operator
from libs.runtime.store.store import Store
from libs.runtime.views.rebuild import Sources
from libs.runtime.views.view import View
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
    """Return `CHECKOUT_DATABASE_URL` and the like, or the database of what runs on the data
    folder."""
    return os.environ.get(f"{service.upper()}_DATABASE_URL") or data.database_url(service)


def nats_url(data: DataFolder) -> str:
    """Return `NATS_URL`, or the NATS of what runs on the data folder."""
    return os.environ.get("NATS_URL") or data.nats_url()


@contextmanager
def reading(url: str) -> Iterator[Connection[DictRow]]:
    """Open a read-only connection."""
    with psycopg.connect(url, row_factory=dict_row, autocommit=True) as conn:
        conn.execute("SET default_transaction_read_only = on")
        yield conn


def announces(service: str) -> ToContract:
    """Return how the service translates its stored events; reads code, starts nothing."""
    publishing = import_module(f"services.{service}.publishing")
    to_contract: ToContract = publishing.to_contract
    return to_contract


def event_mapper() -> Mapper[Any]:
    """Return a reader of stored events, the same as every service's."""
    application: Application[Any] = Application()
    return application.mapper


def views_of(service: str) -> tuple[View, ...]:
    """Return the read models of a service; reads code, starts nothing."""
    if find_spec(f"services.{service}.projections") is None:
        return ()
    views: tuple[View, ...] = import_module(f"services.{service}.projections").VIEWS
    return views


def hears_of(service: str) -> tuple[type[Contract], ...]:
    """Return the contracts that a service subscribes to; reads code, starts nothing."""
    return tuple(subscriptions_of(service))


def subscriptions_of(service: str) -> Mapping[type[Contract], Reaction]:
    """Return them with the service's reactions."""
    if find_spec(f"services.{service}.reactions") is None:
        return {}
    reactions = import_module(f"services.{service}.reactions").SUBSCRIPTIONS
    return with_views(reactions, views_of(service))


def subscribers() -> Mapping[str, Sequence[str]]:
    """Return the subscribers of each type of contract; reads code, starts nothing."""
    by_type: dict[str, list[str]] = defaultdict(list)
    for service in SERVICES:
        for contract in subscriptions_of(service):
            by_type[contract.type].append(service)
    return by_type


def chosen(service: str | None) -> tuple[str, ...]:
    """Return that service, or all of them. Raises typer's BadParameter for one without a log."""
    if service is None:
        return SERVICES
    if service not in SERVICES:
        known = ", ".join(SERVICES)
        raise typer.BadParameter(f"No service {service!r} keeps a log; those that do: {known}.")
    return (service,)


@contextmanager
def operating(
    service: str, data: DataFolder, name: str | None, url: str | None = None
) -> Iterator[Operator]:
    """Return an operator who changes something in a service's database."""
    address = url or database_url(service, data)
    store = Store(service, address, Interventions, pool_size=1)
    try:
        yield Operator(store, operator_name(name))
    finally:
        store.close()


@asynccontextmanager
async def connected(data: DataFolder, what_for: str) -> AsyncIterator[Client]:
    """Open a connection to the bus for one command."""
    client = await bus.connect(nats_url(data), f"backstage {what_for}")
    try:
        yield client
    finally:
        await bus.close(client)


def sources_of(service: str, data: DataFolder, streams: Streams) -> Sources:
    """Return what the views of a service are made from."""
    announces(service)  # registers the service's event classes under their stored names
    url = database_url(service, data)
    return Sources(service, url, event_mapper(), streams, subscriptions_of(service))


def operator_name(given: str | None) -> str:
    """Return who is at the terminal: the given name, or the account's."""
    return given or os.environ.get("SUDO_USER") or getpass.getuser()
