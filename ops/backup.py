"""`backstage backup` and `backstage restore`: all services' databases together.

A service is copied before its producers. After a restore, no service has handled an event that its
producer lacks, and the streams bring what a service lacks.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Annotated, Final

import psycopg
import typer

from ops import stores
from ops.epoch import rebase_store
from ops.options import As, Data, folder_of
from ops.paths import data_path
from ops.up.data_folder import DataFolder, database_name
from ops.up.postgres import Postgres, binaries
from ops.up.refusals import CannotStart

_MANIFEST: Final = "backup.json"
_READY_WITHIN_S: Final = 30


class CannotBackUp(Exception):
    """No copy was made, and no part of one is left."""


class CannotRestore(Exception):
    """A restore would destroy something, or is impossible."""


# These services receive access's bans, and access receives their events. One that knows a ban which
# access has lost keeps the person out until they are banned and unbanned again: the lesser harm.
_MAY_BE_AHEAD_OF: Final = {"catalog": frozenset({"access"}), "checkout": frozenset({"access"})}


def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
    data: Data = None,
) -> None:
    """Copy all services' databases into a folder, while they run."""
    target = data_path(folder)
    if target.exists():
        raise typer.BadParameter(f"{target} exists already.")
    running = folder_of(data)
    urls = {name: stores.database_url(name, running) for name in in_order()}
    try:
        back_up(urls, target)
    except CannotBackUp as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(1) from refused
    typer.echo(f"{len(urls)} databases were copied to {target}.")


def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder made by `backup`.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace databases that hold events.")
    ] = False,
    as_: As = None,
    data: Data = None,
) -> None:
    """Restore all databases from a folder, while the services are stopped."""
    source, into = data_path(folder), folder_of(data)
    try:
        with _server(into) as urls:
            put_back(source, urls, force=force)
            for name in urls:
                with stores.operating(name, into, as_, urls[name]) as operator:
                    rebase_store(operator)
    except CannotRestore as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(1) from refused
    typer.echo("The databases are restored. Start the system. If a relay reports that its stream")
    typer.echo("is ahead, run for its service: backstage epoch new SERVICE")


def in_order() -> tuple[str, ...]:
    """Return the services, each before its producers, except those that may be ahead."""
    subscriptions = {
        name: {contract.producer() for contract in stores.hears_of(name)}
        - _MAY_BE_AHEAD_OF.get(name, frozenset())
        for name in stores.SERVICES
    }
    return tuple(reversed(tuple(TopologicalSorter(subscriptions).static_order())))


def back_up(urls: Mapping[str, str], folder: Path) -> None:
    """Copy the databases in this order. Raises CannotBackUp and leaves no partial copy."""
    try:
        folder.mkdir(parents=True)
    except OSError as refused:
        raise CannotBackUp(f"{folder} can't be made: {refused.strerror}.") from refused
    try:
        for name, url in urls.items():
            _run("pg_dump", "--format=custom", f"--file={folder / name}.dump", f"--dbname={url}")
        _write_manifest(folder, list(urls))
    except (CannotRestore, OSError) as failed:
        shutil.rmtree(folder, ignore_errors=True)
        raise CannotBackUp(
            f"The backup was not finished, and {folder} is removed again: {failed}"
        ) from failed


def _write_manifest(folder: Path, services: list[str]) -> None:
    """Written last, and atomically: a folder without it is no backup."""
    unfinished = folder / f"{_MANIFEST}.new"
    with unfinished.open("w") as file:
        json.dump({"made_at": datetime.now(UTC).isoformat(), "services": services}, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(folder / _MANIFEST)


def put_back(folder: Path, urls: Mapping[str, str], *, force: bool) -> None:
    """Replace the databases by their copies. Raises CannotRestore before anything is changed."""
    try:
        names: list[str] = json.loads((folder / _MANIFEST).read_text())["services"]
    except (FileNotFoundError, ValueError):
        raise CannotRestore(f"{folder} holds no finished backup.") from None
    if missing := set(names) - set(urls):
        raise CannotRestore(f"No database is known for {', '.join(sorted(missing))}.")
    for name in names:
        _refuse_unless_free(name, urls[name], force=force)
    for name in names:
        _empty(urls[name])
        _run(
            "pg_restore",
            "--no-owner",
            "--exit-on-error",
            "--single-transaction",
            f"--dbname={urls[name]}",
            str(folder / f"{name}.dump"),
        )


def _refuse_unless_free(name: str, url: str, *, force: bool) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        used = conn.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        ).fetchone()
        if used and used[0]:
            raise CannotRestore(f"{name} runs on its database: end it first (Ctrl-C of ./bp up).")
        there = conn.execute("SELECT to_regclass('events')").fetchone()
        if force or not there or there[0] is None:
            return
        if conn.execute("SELECT FROM events LIMIT 1").fetchone() is not None:
            raise CannotRestore(f"The database of {name} holds events: --force replaces them.")


def _empty(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        # Exactly the tables that the dump restores.
        conn.execute("DROP SCHEMA IF EXISTS rebuild CASCADE")
        tables = conn.execute(
            "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        for (table,) in tables:
            conn.execute(f"DROP TABLE IF EXISTS public.{table} CASCADE")


@contextmanager
def _server(folder: DataFolder) -> Iterator[dict[str, str]]:
    """Yield the addresses of the databases; a local server runs during the restore."""
    given = {name: os.environ.get(f"{name.upper()}_DATABASE_URL") for name in stores.SERVICES}
    if all(given.values()):
        yield {name: url for name, url in given.items() if url}
        return
    if folder.last_run() is not None:
        raise CannotRestore("The system runs on this data folder: end it first (Ctrl-C).")
    with _local_server(folder) as server:
        roles = {database_name(n): folder.secret(database_name(n)) for n in stores.SERVICES}
        server.ensure_databases(roles)
        yield {
            name: server.url(database_name(name), database_name(name), roles[database_name(name)])
            for name in stores.SERVICES
        }


@contextmanager
def _local_server(folder: DataFolder) -> Iterator[Postgres]:
    folder.prepare()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    server = Postgres(folder.postgres, port, folder.secret("postgres"))
    server.initialise()
    server.wait_for_the_last_one()
    command = server.command()
    process = subprocess.Popen(
        command.full_argv(), **command.spawn_arguments(), stderr=subprocess.DEVNULL
    )
    try:
        give_up_at = time.monotonic() + _READY_WITHIN_S
        while not server.is_ready():
            if process.poll() is not None or time.monotonic() > give_up_at:
                raise CannotRestore("PostgreSQL does not start on this data folder.")
            time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        process.wait(_READY_WITHIN_S)
        folder.release()


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        (_program(program), *arguments), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise CannotRestore(f"{program}: {done.stderr.strip()}")


def _program(name: str) -> str:
    try:
        return str(binaries() / name)
    except CannotStart:
        found = shutil.which(name)
        if found is None:
            raise CannotRestore(f"{name} is not installed.") from None
        return found
