"""The operators' command line: `./bp backstage …` and `./bp up`."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ops.paths import data_path
from ops.up.console import Console
from ops.up.refusals import CannotStart
from ops.up.system import System
from ops.up.web import build_if_changed

app = typer.Typer(
    name="backstage",
    help="Runs Backstage Pass on this machine and inspects it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

# The supervisor lives as long as the system does, so it loads only what it needs.
if sys.argv[1:2] != ["up"]:
    from ops import dead_letters, epoch, events, grants, inbox, projections, schedule, stock
    from ops.backup import backup, restore
    from ops.demo import demo
    from ops.drift import drift
    from ops.lag import lag
    from ops.reconcile import reconcile
    from ops.replay.command import replay
    from ops.verify.command import verify

    events.app.command("replay")(replay)
    app.add_typer(events.app, name="events")
    app.add_typer(projections.app, name="projections")
    app.add_typer(dead_letters.app, name="dead-letters")
    # An alias for the former name.
    app.add_typer(dead_letters.app, name="parked", hidden=True)
    app.add_typer(inbox.app, name="inbox")
    app.add_typer(schedule.app, name="schedule")
    app.add_typer(epoch.app, name="epoch")
    app.add_typer(epoch.store, name="store")
    app.add_typer(stock.app, name="stock")
    app.add_typer(grants.app, name="grants")
    app.command()(backup)
    app.command()(restore)
    app.command()(lag)
    app.command()(verify)
    app.command()(reconcile)
    app.command()(drift)
    app.command()(demo)


@app.command()
def up(
    port: Annotated[int, typer.Option(help="The gateway's port; the others follow it.")] = 8000,
    data: Annotated[Path | None, typer.Option(help="The data folder; default ./data.")] = None,
    *,
    no_video: Annotated[bool, typer.Option("--no-video", help="Start without live video.")] = False,
) -> None:
    """Run the whole system until Ctrl-C."""
    console = Console(sys.stdout, os.environ)
    try:
        system = System(data_path(data), port, os.environ, console, video=not no_video)
        code = asyncio.run(system.run())
    except CannotStart as refused:
        console.say(str(refused))
        code = 1
    raise typer.Exit(code)


@app.command()
def web() -> None:
    """Build the pages' scripts and styles."""
    build_if_changed(typer.echo)


def main() -> None:
    """Run a command; if it can't continue, print one sentence."""
    try:
        app(prog_name="backstage")
    except CannotStart as refused:
        typer.echo(str(refused), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
