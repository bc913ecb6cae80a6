"""`backstage verify`: do stores, streams and providers agree?"""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from libs.runtime.scheduling.clock import Clock
from ops import stores
from ops.options import Data, folder_of
from ops.paths import data_path
from ops.up.data_folder import DataFolder
from ops.up.ports import Ports
from ops.up.surroundings import Surroundings
from ops.verify.checker import LOOK_AGAIN_S, Checker
from ops.verify.cursor import Cursor


def verify(
    full: Annotated[
        bool, typer.Option("--full", help="From the beginning, and rebuild all views.")
    ] = False,
    providers: Annotated[
        bool, typer.Option("--providers", help="Ask Stripe and GetStream too.")
    ] = False,
    cursor: Annotated[
        Path | None, typer.Option(help="The file with its progress; default DATA/verify.json.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on the last line.")
    ] = False,
    data: Data = None,
) -> None:
    """Check that stores, streams and providers agree; exit 1 if they do not."""
    folder = folder_of(data)
    file = data_path(cursor) if cursor else folder.path / "verify.json"
    variables = provider_variables(folder) if providers else None
    checker = asyncio.run(check(folder, file, full=full, providers=variables))
    for finding in checker.findings:
        typer.echo(f"{finding.check}: {finding.service}: {finding.sentence}")
        typer.echo(f"    {finding.repair}")
    if not checker.findings:
        typer.echo(f"All is well: {', '.join(checker.took_s)} ({_total(checker):.1f} s).")
    if checker.too_long:
        names = ", ".join(checker.too_long)
        typer.echo(f"The logs of {names} are long: --full compares their views.")
    if as_json:
        typer.echo(json.dumps(_as_object(checker)))
    if checker.findings:
        raise typer.Exit(1)


async def check(
    folder: DataFolder,
    file: Path,
    *,
    full: bool,
    providers: Mapping[str, str] | None,
    look_again_s: float = LOOK_AGAIN_S,
    clock: Clock | None = None,
) -> Checker:
    """Run the checks and store how far they came."""
    known = Cursor.load(file)
    # An unsolved payment is checked again later, even if this run asks no provider.
    kept = Cursor(payments=known.payments) if full else known
    async with stores.connected(folder, "verify") as client:
        checker = Checker(client, folder, kept, look_again_s, clock)
        await checker.run(full=full, providers=providers)
    kept.save(file)
    return checker


def provider_variables(folder: DataFolder) -> Mapping[str, str]:
    """Return the keys and addresses that the services of the running system have."""
    run = folder.last_run()
    if run is None:
        return os.environ
    return Surroundings(os.environ, folder, Ports(run.base_port)).providers().variables


def _total(checker: Checker) -> float:
    return sum(checker.took_s.values())


def _as_object(checker: Checker) -> dict[str, Any]:
    return {
        "findings": [asdict(finding) for finding in checker.findings],
        "took_s": checker.took_s,
        "views_left_out": checker.too_long,
        "violations": len(checker.findings),
    }
