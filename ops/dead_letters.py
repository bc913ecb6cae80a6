"""`backstage dead-letters`: messages that a service could not handle."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from psycopg.rows import DictRow

from libs.runtime.messaging import dead_letters
from ops import stores
from ops.options import As, AsJson, Data, Reason, folder_of
from ops.up.data_folder import DataFolder

app = typer.Typer(help="Messages that a service could not handle.", no_args_is_help=True)

Service = Annotated[str, typer.Argument(help="The service that could not handle it.")]
DeadLetterId = Annotated[int, typer.Argument(metavar="ID", help="Its number; see `ls`.")]


@app.command("ls")
def ls(
    service: Annotated[str | None, typer.Option(help="Only those of this service.")] = None,
    skipped: Annotated[bool, typer.Option("--skipped", help="List skipped messages.")] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List the messages that wait for an operator, the oldest first."""
    folder = folder_of(data)
    for name in stores.chosen(service):
        for row in _rows(name, folder, skipped=skipped):
            typer.echo(json.dumps(_brief(name, row), default=str) if as_json else _line(name, row))


@app.command("show")
def show(service: Service, dead_letter_id: DeadLetterId, data: Data = None) -> None:
    """Show one message as it arrived, its error, and the messages that wait behind it."""
    (name,) = stores.chosen(service)
    folder = folder_of(data)
    row = _get(name, dead_letter_id, folder)
    behind = [
        other["dead_letter_id"]
        for other in _rows(name, folder, skipped=False)
        if other["durable"] == row["durable"]
        and other["entity_key"] == row["entity_key"]
        and other["dead_letter_id"] > row["dead_letter_id"]
    ]
    whole = _brief(name, row) | {
        "headers": row["headers"],
        "body": bytes(row["body"]).decode(errors="replace"),
        "behind": behind,
    }
    typer.echo(json.dumps(whole, indent=2, default=str))


@app.command("retry")
def retry(
    service: Service, dead_letter_id: DeadLetterId, as_: As = None, data: Data = None
) -> None:
    """Have the service retry from the entity's oldest message on."""
    (name,) = stores.chosen(service)
    folder = folder_of(data)
    row = _get(name, dead_letter_id, folder)
    with stores.operating(name, folder, as_) as operator:

        def act() -> dict[str, Any]:
            dead_letters.ask_retry(operator.cursor(), dead_letter_id)
            return _kept(row)

        operator.intervene("dead_letters.retry", f"{row['durable']} {row['message_key']}", "", act)
    typer.echo(
        f"{name} tries it within a second; see `backstage dead-letters ls --service {name}`."
    )


@app.command("skip")
def skip(
    service: Service,
    dead_letter_id: DeadLetterId,
    reason: Reason,
    as_: As = None,
    data: Data = None,
) -> None:
    """Skip a message for good; the service then tries those behind it. The reason is stored."""
    (name,) = stores.chosen(service)
    folder = folder_of(data)
    row = _get(name, dead_letter_id, folder)
    if not reason.strip():
        raise typer.BadParameter("say why, with --reason")
    with stores.operating(name, folder, as_) as operator:

        def act() -> dict[str, Any]:
            dead_letters.skip(operator.cursor(), row, reason)
            return _kept(row)

        target = f"{row['durable']} {row['message_key']}"
        operator.intervene("dead_letters.skip", target, reason, act)
    typer.echo(f"{name} will never handle {row['message_key']}.")


def _rows(service: str, folder: DataFolder, *, skipped: bool) -> Iterator[DictRow]:
    with stores.reading(stores.database_url(service, folder)) as conn:
        yield from conn.execute(
            "SELECT * FROM dead_letters WHERE (skipped_at IS NOT NULL) = %s"
            " ORDER BY dead_letter_id",
            (skipped,),
        )


def _get(service: str, dead_letter_id: int, folder: DataFolder) -> DictRow:
    for row in _rows(service, folder, skipped=False):
        if row["dead_letter_id"] == dead_letter_id:
            return row
    raise typer.BadParameter(f"{service} has no message {dead_letter_id} that waits.")


def _kept(row: DictRow) -> dict[str, Any]:
    return {
        "subject": row["subject"],
        "error": row["error"],
        "body": bytes(row["body"]).decode(errors="replace"),
    }


def _brief(service: str, row: DictRow) -> dict[str, Any]:
    names = (
        "dead_letter_id",
        "durable",
        "subject",
        "message_key",
        "error",
        "dead_lettered_at",
        "attempts",
    )
    more = ("retry_asked_at", "skipped_at", "skipped_because")
    return {"service": service} | {name: row[name] for name in (*names, *more)}


def _line(service: str, row: DictRow) -> str:
    why = row["skipped_because"] or row["error"]
    at = f"{row['dead_lettered_at']:%F %T}"
    return f"{service} {row['dead_letter_id']}  {at}  {row['subject']}\n    {why}"
