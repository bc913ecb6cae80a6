"""`backstage inbox`: the providers' webhooks, stored as they arrived."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer
from psycopg.rows import DictRow

from libs.runtime.scheduling.clock import SystemClock
from libs.runtime.scheduling.schedule import Schedule
from ops import stores
from ops.options import As, AsJson, Data, Reason, folder_of
from ops.up.data_folder import DataFolder

app = typer.Typer(help="Stored webhooks, and whether they were handled.", no_args_is_help=True)

EventId = Annotated[str, typer.Argument(metavar="ID", help="The provider's id of the event.")]
Service = Annotated[str, typer.Argument(help="checkout (Stripe) or streaming (LiveKit).")]


@dataclass(frozen=True, slots=True)
class _Inbox:
    """The job by which a service handles a webhook, and its payload."""

    type_column: str
    job: str
    payload: Callable[[Mapping[str, Any]], dict[str, Any]]
    again: str
    skipped: str


_INBOXES: Final = {
    "checkout": _Inbox(
        "type",
        "follow_hint",
        lambda row: {
            "event_id": row["event_id"],
            "payment_intent_id": row["payment_intent_id"],
        },
        "handled_at = NULL, outcome = NULL, error = NULL",
        "handled_at = clock_timestamp(), outcome = 'skipped'",
    ),
    "streaming": _Inbox(
        "kind",
        "handle_webhook",
        lambda row: {"event_id": row["event_id"]},
        "handled_at = NULL",
        "handled_at = clock_timestamp()",
    ),
}


@app.command("ls")
def ls(
    service: Annotated[str | None, typer.Option(help="Only those of this service.")] = None,
    handled: Annotated[bool, typer.Option("--all", help="Handled ones too.")] = False,
    mentions: Annotated[str | None, typer.Option(help="Only those that mention this.")] = None,
    limit: Annotated[int, typer.Option(help="How many at most, the newest first.")] = 50,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List unhandled webhooks, the oldest first."""
    folder = folder_of(data)
    for name in _INBOXES if service is None else (_known(service),):
        for row in _rows(name, folder, mentions, handled=handled or bool(mentions), limit=limit):
            brief = {key: value for key, value in row.items() if key != "body"}
            shown = {"service": name} | brief
            typer.echo(json.dumps(shown, default=str) if as_json else _line(name, row))


@app.command("show")
def show(service: Service, event_id: EventId, data: Data = None) -> None:
    """Show one webhook with its body."""
    row = _get(_known(service), event_id, folder_of(data))
    typer.echo(json.dumps(row, indent=2, default=str))


@app.command("retry")
def retry(service: Service, event_id: EventId, as_: As = None, data: Data = None) -> None:
    """Handle it again now, even if it was handled before: webhooks are hints."""
    name, folder = _known(service), folder_of(data)
    row, inbox = _get(name, event_id, folder), _INBOXES[_known(service)]
    if None in inbox.payload(row).values():
        raise typer.BadParameter(f"{event_id} speaks of nothing that {name} follows up.")
    with stores.operating(name, folder, as_) as operator:

        def act() -> dict[str, Any]:
            operator.cursor().execute(
                f"UPDATE webhook_inbox SET {inbox.again} WHERE event_id = %s",  # noqa: S608
                (event_id,),
            )
            clock = SystemClock()
            Schedule(clock).at(inbox.job, event_id, clock.now(), inbox.payload(row))
            return _before(row)

        operator.intervene("inbox.retry", event_id, "", act)
    typer.echo(f"{name} handles {event_id} within a second.")


@app.command("skip")
def skip(
    service: Service, event_id: EventId, reason: Reason, as_: As = None, data: Data = None
) -> None:
    """Mark it as handled without doing anything. The reason is stored."""
    name, folder = _known(service), folder_of(data)
    row, inbox = _get(name, event_id, folder), _INBOXES[_known(service)]
    with stores.operating(name, folder, as_) as operator:

        def act() -> dict[str, Any]:
            operator.cursor().execute(
                f"UPDATE webhook_inbox SET {inbox.skipped} WHERE event_id = %s",  # noqa: S608
                (event_id,),
            )
            Schedule(SystemClock()).cancel(inbox.job, event_id)
            return _before(row)

        operator.intervene("inbox.skip", event_id, reason, act)
    typer.echo(f"{name} will not handle {event_id}.")


def _known(service: str) -> str:
    if service not in _INBOXES:
        raise typer.BadParameter(f"Webhooks come to {' and '.join(_INBOXES)} alone.")
    return service


def _rows(
    service: str, folder: DataFolder, mentions: str | None, *, handled: bool, limit: int
) -> list[DictRow]:
    with stores.reading(stores.database_url(service, folder)) as conn:
        rows = conn.execute(
            "SELECT * FROM webhook_inbox WHERE (%(all)s OR handled_at IS NULL)"
            " AND (%(mentions)s::text IS NULL OR body LIKE '%%' || %(mentions)s::text || '%%')"
            " ORDER BY received_at DESC LIMIT %(limit)s",
            {"all": handled, "mentions": mentions, "limit": limit},
        ).fetchall()
    return rows[::-1]


def _get(service: str, event_id: str, folder: DataFolder) -> DictRow:
    with stores.reading(stores.database_url(service, folder)) as conn:
        row = conn.execute(
            "SELECT * FROM webhook_inbox WHERE event_id = %s", (event_id,)
        ).fetchone()
    if row is None:
        raise typer.BadParameter(f"{service} was never told {event_id}.")
    return row


def _before(row: DictRow) -> dict[str, Any]:
    handled_at = row["handled_at"]
    return {"handled_at": handled_at and handled_at.isoformat(), "outcome": row.get("outcome")}


def _line(service: str, row: DictRow) -> str:
    kind = row[_INBOXES[service].type_column]
    state = row.get("outcome") or ("handled" if row["handled_at"] else "waits")
    error = f"\n    {row['error']}" if row.get("error") else ""
    return f"{service:10} {row['received_at']:%F %T}  {kind:34} {row['event_id']}  {state}{error}"
