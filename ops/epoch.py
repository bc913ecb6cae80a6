"""`backstage epoch` and `backstage store`: after an older copy of a database was restored."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from psycopg import Connection
from psycopg.rows import DictRow

from libs.events.contract import stream_of
from libs.runtime.messaging.streams import Message, read_stream
from libs.runtime.store import log
from libs.runtime.store.interventions import Operator
from libs.runtime.store.log import Position
from ops import stores
from ops.options import As, Data, folder_of
from ops.up.data_folder import DataFolder

app = typer.Typer(help="The epochs of the services' stores.", no_args_is_help=True)
store = typer.Typer(help="The stores of the services.", no_args_is_help=True)

Service = Annotated[str, typer.Argument(help="The service that owns the store.")]


@app.command("show")
def show(service: Service, data: Data = None) -> None:
    """Show the epochs of a store and of its stream, and what the stream holds beyond the store."""
    (name,) = stores.chosen(service)
    folder = folder_of(data)
    ours, streams, lost = asyncio.run(_look(name, folder))
    typer.echo(f"{name}: the store has epoch {ours}, its stream epoch {streams or '-'}")
    if lost:
        typer.echo(f"{len(lost)} messages of the stream are not in the store:")
        for message in lost[:20]:
            typer.echo(f"    {message.headers.get('ce-type')}  {message.headers.get('ce-id')}")


@app.command("new")
def new(service: Service, as_: As = None, data: Data = None) -> None:
    """Declare the store right: empty its stream and refill it from the store.

    What the stream holds beyond the store is written to a file. Services that handled it are told
    to forget that, because other events will get these ids.
    """
    (name,) = stores.chosen(service)
    folder = folder_of(data)
    hearers = [
        each
        for each in stores.SERVICES
        if any(contract.producer() == name for contract in stores.hears_of(each))
    ]
    with ExitStack() as stack:
        owner = stack.enter_context(stores.operating(name, folder, as_))
        others = {
            each: stack.enter_context(stores.operating(each, folder, as_)) for each in hearers
        }
        url = stores.database_url(name, folder)
        epoch, lost = asyncio.run(_begin(name, url, folder, owner, others))
    typer.echo(f"{name} begins epoch {epoch}: its relay refills the stream within a minute.")
    if lost:
        file = folder.path / f"lost-{name}-{epoch}.jsonl"
        file.write_text("".join(f"{json.dumps(_kept(message))}\n" for message in lost))
        typer.echo(f"{len(lost)} events that the store lost were written to {file}.")
        for each in hearers:
            typer.echo(f"    backstage projections rebuild {each} --all")


@store.command("rebase")
def rebase(service: Service, as_: As = None, data: Data = None) -> None:
    """Accept a log above its server's transaction counter, after a restore."""
    (name,) = stores.chosen(service)
    with stores.operating(name, folder_of(data), as_) as operator:
        rebase_store(operator)
    typer.echo(f"New events of {name} are numbered above the end of its log; restart it.")


def rebase_store(operator: Operator) -> None:
    """Raise the server's transaction counter above the end of the log."""

    def act() -> dict[str, Any]:
        log.rebase(operator.cursor())
        return {}

    operator.intervene("store.rebase", "", "", act)


async def begin_epoch(
    client: Client,
    service: str,
    url: str,
    owner: Operator,
    others: Mapping[str, Operator],
) -> tuple[int, list[Message]]:
    """Begin a new epoch of a store; returns its number and what its stream held beyond the store.

    `others` are the consuming services. They forget that they handled what was lost, and handle
    nothing of earlier epochs: the stream holds the lost messages until it is emptied.
    """
    with stores.reading(url) as conn, conn.cursor() as curs:
        lost = [message async for message in lost_messages(client, conn, service)]
        epoch = max(log.epoch(curs), await _stream_epoch(client, service)) + 1
    for name, operator in others.items():
        await asyncio.to_thread(_forget, operator, f"{name}-{service}", epoch, lost)
    await asyncio.to_thread(_begin_epoch, owner, epoch, len(lost))
    return epoch, lost


async def lost_messages(
    client: Client, conn: Connection[DictRow], service: str
) -> AsyncIterator[Message]:
    """Return the messages of a stream whose events the store lacks."""
    async for page in read_stream(client, service, 0):
        for message in await asyncio.to_thread(_not_held, conn, page):
            yield message


def _not_held(conn: Connection[DictRow], page: Sequence[Message]) -> list[Message]:
    places = [_position(message) for message in page]
    # Another event may have the same position since: the time tells them apart.
    rows = conn.execute(
        "SELECT e.xact, e.notification_id, e.recorded_at"
        " FROM events e JOIN unnest(%s::bigint[], %s::bigint[]) AS said (xact, id)"
        " ON (e.xact, e.notification_id) = (said.xact, said.id)",
        ([place.xact for place in places], [place.id for place in places]),
    )
    held = {
        (Position(row["xact"], row["notification_id"]), row["recorded_at"].timestamp())
        for row in rows
    }
    return [
        message
        for message, place in zip(page, places, strict=True)
        if (place, _recorded_at(message)) not in held
    ]


def _recorded_at(message: Message) -> float:
    return datetime.fromisoformat(message.headers["ce-recordedtime"]).timestamp()


def _position(message: Message) -> Position:
    return Position.parse(message.headers["ce-position"].partition(".")[2])


def _forget(operator: Operator, durable: str, epoch: int, lost: Iterable[Message]) -> None:
    ids = [UUID(message.headers["ce-id"]) for message in lost]

    def act() -> dict[str, Any]:
        curs = operator.cursor()
        # Waits for whoever is handling a message: the next one sees the new epoch.
        curs.execute("LOCK TABLE inbox IN SHARE ROW EXCLUSIVE MODE")
        curs.execute(
            "INSERT INTO producer_epochs VALUES (%s, %s) ON CONFLICT (durable)"
            " DO UPDATE SET epoch = greatest(producer_epochs.epoch, excluded.epoch)",
            (durable, epoch),
        )
        rows = curs.execute(
            "DELETE FROM inbox WHERE durable = %s AND event_id = ANY(%s) RETURNING event_id",
            (durable, ids),
        )
        return {"epoch": epoch, "forgot": [str(row["event_id"]) for row in rows]}

    operator.intervene("inbox.forget", durable, "its producer was put back to an older copy", act)


def _begin_epoch(owner: Operator, epoch: int, lost: int) -> None:
    def act() -> dict[str, Any]:
        owner.cursor().execute("UPDATE store_epoch SET epoch = greatest(epoch, %s)", (epoch,))
        return {"epoch": epoch, "lost": lost}

    owner.intervene("epoch.new", "", "", act)


async def _stream_epoch(client: Client, service: str) -> int:
    try:
        last = await client.jetstream().get_last_msg(stream_of(service), f"bp.{service}.>")
    except NotFoundError:
        return 0
    return int((last.headers or {}).get("Nats-Msg-Id", ".0.").split(".")[1])


async def _look(service: str, folder: DataFolder) -> tuple[int, int, list[Message]]:
    async with stores.connected(folder, "epoch") as client:
        with stores.reading(stores.database_url(service, folder)) as conn, conn.cursor() as curs:
            lost = [message async for message in lost_messages(client, conn, service)]
            return log.epoch(curs), await _stream_epoch(client, service), lost


async def _begin(
    service: str, url: str, folder: DataFolder, owner: Operator, others: Mapping[str, Operator]
) -> tuple[int, list[Message]]:
    async with stores.connected(folder, "epoch") as client:
        return await begin_epoch(client, service, url, owner, others)


def _kept(message: Message) -> dict[str, Any]:
    return {
        "subject": message.subject,
        "headers": dict(message.headers),
        "body": message.body.decode(errors="replace"),
    }
