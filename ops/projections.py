"""`backstage projections`: read models, compared with a rebuild or rebuilt."""

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated, Any

import psycopg
import typer

from libs.runtime.messaging.streams import BridgedStreams, NoStreams, Streams
from libs.runtime.views import rebuild
from libs.runtime.views.rebuild import Outcome, Progress, StreamsIncomplete
from libs.runtime.views.shadow_tables import AnotherRebuild
from libs.runtime.views.view import View
from ops import stores
from ops.options import As, AsJson, Data, folder_of
from ops.up.data_folder import DataFolder

app = typer.Typer(help="Read models: size, comparison and rebuild.", no_args_is_help=True)

_SAY_EVERY = 20_000


@app.command("ls")
def ls(
    service: Annotated[str | None, typer.Option(help="Only those of this service.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List the views of all services with their tables and row counts."""
    folder = folder_of(data)
    for name in stores.chosen(service):
        with stores.reading(stores.database_url(name, folder)) as conn:
            for view in stores.views_of(name):
                rows = {table: _count(conn, table) for table in view.tables}
                _tell(name, view, rows, as_json=as_json)


@app.command("rebuild")
def rebuild_views(
    service: Annotated[str, typer.Argument(help="The service whose views they are.")],
    view: Annotated[str | None, typer.Argument(help="The view; see `ls`.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All views of the service.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only compare; the live tables stay.")
    ] = False,
    as_json: AsJson = False,
    as_: As = None,
    data: Data = None,
) -> None:
    """Rebuild views beside the live ones, compare, and swap them in, while the service runs."""
    (name,) = stores.chosen(service)
    views = _views(name, view, every=every)
    folder = folder_of(data)
    try:
        outcome = asyncio.run(run(name, views, folder, dry_run=dry_run, progress=_say))
    except (StreamsIncomplete, AnotherRebuild, psycopg.errors.LockNotAvailable) as refused:
        typer.echo(f"Nothing was changed: {refused}", err=True)
        raise typer.Exit(1) from refused
    if not dry_run:
        _record(name, views, folder, as_, outcome)
    report(name, views, outcome, as_json=as_json, dry_run=dry_run)
    if dry_run and not outcome.same:
        raise typer.Exit(1)


async def run(
    service: str,
    views: Sequence[View],
    folder: DataFolder,
    *,
    dry_run: bool,
    progress: Progress | None = None,
) -> Outcome:
    """Compare the views with their rebuild and, unless it is a dry run, swap them."""
    act = rebuild.compare if dry_run else rebuild.rebuild
    if not any(view.subscriptions for view in views):
        return await _act(act, service, views, folder, NoStreams(), progress)
    async with stores.connected(folder, "projections") as client:
        streams = BridgedStreams(client, asyncio.get_running_loop())
        return await _act(act, service, views, folder, streams, progress)


async def _act(
    act: Any,
    service: str,
    views: Sequence[View],
    folder: DataFolder,
    streams: Streams,
    progress: Progress | None,
) -> Outcome:
    sources = stores.sources_of(service, folder, streams)
    outcome: Outcome = await asyncio.to_thread(act, sources, views, progress)
    return outcome


def _views(service: str, view: str | None, *, every: bool) -> Sequence[View]:
    known = {each.name: each for each in stores.views_of(service)}
    if not known:
        raise typer.BadParameter(f"{service} keeps no views.")
    if every == (view is not None):
        raise typer.BadParameter("name one view, or say --all")
    if view is None:
        return tuple(known.values())
    if view not in known:
        raise typer.BadParameter(f"{service} has no view {view!r}; it has: {', '.join(known)}.")
    return (known[view],)


def _record(
    service: str, views: Sequence[View], folder: DataFolder, as_: str | None, outcome: Outcome
) -> None:
    differed = [each.table for each in outcome.discrepancies if each.found]
    with stores.operating(service, folder, as_) as operator:
        operator.intervene(
            "projections.rebuild",
            ", ".join(view.name for view in views),
            "",
            lambda: {"events": outcome.events, "differed": differed},
        )


def report(
    service: str, views: Sequence[View], outcome: Outcome, *, as_json: bool, dry_run: bool
) -> None:
    """Report a rebuild or a comparison."""
    if as_json:
        typer.echo(json.dumps(as_object(service, views, outcome)))
        return
    for each in outcome.discrepancies:
        verdict = "same" if not each.found else f"{each.only_live} rows only live, "
        verdict += f"{each.only_rebuilt} only rebuilt" if each.found else ""
        typer.echo(f"{service} {each.table}: {verdict}")
        for example in each.examples:
            typer.echo(f"    {example}")
    done = "compared" if dry_run else f"swapped, locked for {outcome.locked_s * 1000:.0f} ms"
    typer.echo(
        f"{outcome.events} events and {outcome.messages} messages in {outcome.took_s:.1f} s; {done}"
    )


def as_object(service: str, views: Sequence[View], outcome: Outcome) -> dict[str, Any]:
    """Return an outcome for programs."""
    return {
        "service": service,
        "views": [view.name for view in views],
        "events": outcome.events,
        "messages": outcome.messages,
        "took_s": round(outcome.took_s, 3),
        "locked_s": round(outcome.locked_s, 4),
        "same": outcome.same,
        "differences": [
            {
                "table": each.table,
                "only_live": each.only_live,
                "only_rebuilt": each.only_rebuilt,
                "examples": list(each.examples),
            }
            for each in outcome.discrepancies
            if each.found
        ],
    }


def _say(done: int, total: int) -> None:
    if done % _SAY_EVERY == 0:
        typer.echo(f"{done} of {total} events", err=True)


def _count(conn: Any, table: str) -> int:
    row = conn.execute(f"SELECT count(*) AS rows FROM {table}").fetchone()  # noqa: S608 - ours
    return int(row["rows"])


def _tell(service: str, view: View, rows: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"service": service, "view": view.name, "rows": rows}))
    else:
        shown = ", ".join(f"{table} {count}" for table, count in rows.items())
        typer.echo(f"{service:14} {view.name:18} {shown}")
