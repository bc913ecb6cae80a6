"""`backstage schedule`: work that a service has yet to do."""

import json
from typing import Annotated, Any

import typer

from ops import stores
from ops.options import As, AsJson, Data, folder_of

app = typer.Typer(help="Work that the services have yet to do.", no_args_is_help=True)

_SHOWN = "kind, key, due_at, attempts, last_error, payload"


@app.command("ls")
def ls(
    service: Annotated[str | None, typer.Option(help="Only that of this service.")] = None,
    failing: Annotated[bool, typer.Option("--failing", help="Only what has failed.")] = False,
    limit: Annotated[int, typer.Option(help="How many at most per service.")] = 50,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List scheduled work and its times, the most failures first."""
    folder = folder_of(data)
    for name in stores.chosen(service):
        with stores.reading(stores.database_url(name, folder)) as conn:
            rows = conn.execute(
                f"SELECT {_SHOWN} FROM schedule WHERE last_error IS NOT NULL OR NOT %s"  # noqa: S608
                " ORDER BY attempts DESC, due_at LIMIT %s",
                (failing, limit),
            ).fetchall()
        for row in rows:
            shown = json.dumps({"service": name, **row}, default=str)
            typer.echo(shown if as_json else _line(name, row))


@app.command("retry")
def retry(
    service: Annotated[str, typer.Argument(help="The service whose work it is.")],
    kind: Annotated[str, typer.Argument(help="What kind of work; see `ls`.")],
    key: Annotated[str, typer.Argument(help="Which one.")],
    as_: As = None,
    data: Data = None,
) -> None:
    """Do it now, and reset its count of failures."""
    (name,) = stores.chosen(service)
    with stores.operating(name, folder_of(data), as_) as operator:

        def act() -> dict[str, Any]:
            before = operator.cursor().execute(
                "SELECT due_at, attempts, last_error FROM schedule"
                " WHERE kind = %s AND key = %s FOR UPDATE",
                (kind, key),
            )
            row = before.fetchone()
            if row is None:
                raise LookupError(f"{name} has no {kind} {key} to do.")
            operator.cursor().execute(
                "UPDATE schedule SET due_at = clock_timestamp(), attempts = 0, last_error = NULL"
                " WHERE kind = %s AND key = %s",
                (kind, key),
            )
            return row | {"due_at": row["due_at"].isoformat()}

        try:
            operator.intervene("schedule.retry", f"{kind} {key}", "", act)
        except LookupError as unknown:
            raise typer.BadParameter(str(unknown)) from unknown
    typer.echo(f"{name} does it within a second; see `backstage schedule ls --service {name}`.")


def _line(service: str, row: dict[str, Any]) -> str:
    failed = f"   failed {row['attempts']} times: {row['last_error']}" if row["last_error"] else ""
    return f"{service:14} {row['due_at']:%F %T}  {row['kind']} {row['key']}{failed}"
