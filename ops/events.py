"""`backstage events`: inspecting the logs of all services."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from libs.runtime.messaging import bus
from libs.runtime.store import log
from ops import stores
from ops.log_reader import LogEntry, Verdict, follow, verify
from ops.paths import data_path
from ops.up.data_folder import DataFolder
from services.checkout.memberships.membership import Membership

app = typer.Typer(help="Inspects the event logs of all services.", no_args_is_help=True)

_POLL_S = 0.2

Data = Annotated[Path | None, typer.Option(help="The data folder of the running system.")]
Service = Annotated[str | None, typer.Option(help="Only the log of this service.")]
Mentions = Annotated[
    str | None,
    typer.Option(help="Only events that mention this id, or the membership of this order."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]


@app.command("ls")
def ls(
    service: Service = None,
    type_: Annotated[str | None, typer.Option("--type", help="Part of the type.")] = None,
    mentions: Mentions = None,
    since: Annotated[datetime | None, typer.Option(help="Recorded at or after (UTC).")] = None,
    limit: Annotated[int, typer.Option(help="How many at most, the newest first.")] = 50,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List events, oldest first."""
    wanted = _filter(type_, mentions, since)
    entries = [
        entry
        for name in _services(service)
        for entry in _read(name, DataFolder(data_path(data)))
        if wanted(entry)
    ]
    entries.sort(key=lambda entry: entry.recorded_at)
    for entry in entries[-limit:]:
        typer.echo(entry.as_json() if as_json else _row(entry))


@app.command("show")
def show(
    id_: Annotated[UUID, typer.Argument(metavar="ID", help="Of an entity or of an event.")],
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show the history of an entity, or one event, with everything that is stored."""
    found = [
        entry
        for name in stores.SERVICES
        for entry in _read(name, DataFolder(data_path(data)))
        if id_ in {entry.entity_id, entry.event_id}
    ]
    if not found:
        typer.echo(f"No service has an entity or an event {id_}.", err=True)
        raise typer.Exit(1)
    for entry in found:
        typer.echo(entry.as_json() if as_json else _whole(entry))


@app.command("tail")
def tail(
    service: Service = None,
    type_: Annotated[str | None, typer.Option("--type", help="Part of the type.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show events as they happen, until Ctrl-C."""
    wanted = _filter(type_, None, None)
    with ExitStack() as stack:
        folder = DataFolder(data_path(data))
        logs = {
            name: stack.enter_context(stores.reading(stores.database_url(name, folder)))
            for name in _services(service)
        }
        positions = {}
        for name, conn in logs.items():
            with conn.cursor() as curs:
                positions[name] = log.last_position(curs)
        typer.echo("listening; Ctrl-C ends", err=True)
        while True:
            for name, conn in logs.items():
                for position, entry in follow(conn, name, positions[name]):
                    positions[name] = position
                    if wanted(entry):
                        typer.echo(entry.as_json() if as_json else _row(entry))
            time.sleep(_POLL_S)


@app.command("verify")
def verify_streams(service: Service = None, as_json: AsJson = False, data: Data = None) -> None:
    """Compare every log with its stream: all public events, in order, byte for byte."""
    verdicts = asyncio.run(_verify(_services(service), DataFolder(data_path(data))))
    for verdict in verdicts:
        if as_json:
            typer.echo(json.dumps(asdict(verdict)))
        else:
            good = "ok" if not verdict.findings else "NOT OK"
            typer.echo(
                f"{verdict.service:14} {verdict.public_events:8} public events"
                f" {verdict.messages:8} messages  {good}"
            )
            for finding in verdict.findings:
                typer.echo(f"    {finding}")
    if any(verdict.findings for verdict in verdicts):
        raise typer.Exit(1)


async def _verify(services: tuple[str, ...], folder: DataFolder) -> list[Verdict]:
    client = await bus.connect(stores.nats_url(folder), "backstage events verify")
    try:
        mapper = stores.event_mapper()
        verdicts = []
        for name in services:
            with stores.reading(stores.database_url(name, folder)) as conn:
                verdicts.append(await verify(conn, client, name, mapper, stores.announces(name)))
        return verdicts
    finally:
        await bus.close(client)


def _services(service: str | None) -> tuple[str, ...]:
    if service is None:
        return stores.SERVICES
    if service not in stores.SERVICES:
        known = ", ".join(stores.SERVICES)
        raise typer.BadParameter(f"No service {service!r} keeps a log; those that do: {known}.")
    return (service,)


def _read(service: str, folder: DataFolder) -> list[LogEntry]:
    with stores.reading(stores.database_url(service, folder)) as conn:
        return [entry for _, entry in follow(conn, service)]


def _filter(
    type_: str | None, mentions: str | None, since: datetime | None
) -> Callable[[LogEntry], bool]:
    ids = None if mentions is None else _ids_of(mentions)

    def wanted(entry: LogEntry) -> bool:
        if type_ is not None and type_ not in entry.topic:
            return False
        if since is not None and entry.recorded_at.replace(tzinfo=None) < since:
            return False
        return ids is None or _mentions(entry, ids)

    return wanted


def _ids_of(id_: str) -> set[str]:
    """Return the id and that of such an order's membership, as stored: without hyphens."""
    try:
        return {UUID(id_).hex, Membership.create_id(UUID(id_)).hex}
    except ValueError:
        return {id_.replace("-", "")}


def _mentions(entry: LogEntry, ids: set[str]) -> bool:
    text = f"{entry.entity_id} {entry.actor} {json.dumps(entry.state)}".replace("-", "")
    return any(id_ in text for id_ in ids)


def _row(entry: LogEntry) -> str:
    at = entry.recorded_at.isoformat(timespec="milliseconds")
    return f"{at}  {entry.topic:42} {entry.entity_id} v{entry.version:<4} by {entry.actor}"


def _whole(entry: LogEntry) -> str:
    state = json.dumps(entry.state, indent=2)
    return (
        f"{entry.topic}  v{entry.version}  event {entry.event_id}\n"
        f"  entity   {entry.entity_id}\n"
        f"  recorded {entry.recorded_at.isoformat()}\n"
        f"  by       {entry.actor} (command {entry.command_id})\n"
        f"  trace    {entry.traceparent or '-'}\n"
        f"  position {entry.position}\n" + "\n".join(f"  {row}" for row in state.splitlines())
    )
