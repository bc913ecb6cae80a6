"""Real PostgreSQL and real NATS for tests: started once per run, killed and restarted at will.

`BP_TEST_POSTGRES_URL` and `BP_TEST_NATS_URL` point at running servers; `BP_TEST_CONTAINERS=1`
starts both in Docker instead of from the wheels.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from ops.up.command import Command
from ops.up.nats import Nats
from ops.up.postgres import Postgres

READY_WITHIN_S = 20.0
_PASSWORD = "tests"
_MEMORY = Path("/dev/shm")  # noqa: S108 - each run makes a folder of its own in it
_ROOM_IN_MEMORY = 4_000_000_000
_PREFIX = "backstage-pass-tests-"
_database_numbers = count(1)


@dataclass
class Server:
    """A server process of the tests, with the ways in which it can die."""

    command: Command
    is_ready: Callable[[], bool]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it and wait until it accepts connections.

        It is restarted if it dies meanwhile, as PostgreSQL does while the processes of a killed one
        still hold its memory.
        """
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                self._spawn()
            if self.is_ready():
                return
            time.sleep(0.02)
        raise AssertionError(f"not ready in {READY_WITHIN_S} s: {self.log.read_text()[-2000:]}")

    def _spawn(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command.full_argv(),
                **self.command.spawn_arguments(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        """Kill it (SIGKILL), as a crash does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it cleanly."""
        self._end(self.stop_signal)

    def pause(self) -> None:
        """Freeze it: connections stay open and nothing answers."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Continue after a pause."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Kill it and restart it on the same port with the same data."""
        self.kill()
        self.start()

    def _end(self, by: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(by)
        self.process.wait(timeout=20)
        self.process = None


@dataclass
class PostgresServer:
    """A PostgreSQL for tests; `server` is None if it is not ours to kill."""

    admin_url: str
    server: Server | None

    def create_database(self) -> str:
        """Create an empty database; returns its URL (its role is a superuser's)."""
        name = f"test_{os.getpid()}_{next(_database_numbers)}"
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return urlunsplit(urlsplit(self.admin_url)._replace(path=f"/{name}"))

    def drop_database(self, url: str) -> None:
        """Remove a database, even if somebody is still connected to it."""
        name = urlsplit(url).path.removeprefix("/")
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@dataclass
class NatsServer:
    """A NATS with JetStream for tests; `server` is None if it is not ours to kill."""

    url: str
    server: Server | None
    store: Path | None = None


async def stored_messages(js: JetStreamContext, stream: str) -> int:
    """Return how many messages a stream holds; none before its service publishes."""
    try:
        return int((await js.stream_info(stream)).state.messages)
    except NotFoundError:
        return 0


def free_port() -> int:
    """Return a free TCP port of 127.0.0.1, chosen by the operating system."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def free_row_of_ports() -> int:
    """Return a base port whose whole row is free: the system uses ports up to 50 above it.

    Below 32,768: from there on Linux gives ports to clients at any moment. Each process of a test
    run has rows of its own, or two could find the same row free.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        row = free_port() % (250 // processes) * processes + process
        base = 20_000 + row * 50
        if all(_is_free(base + offset) for offset in range(50)):
            return base


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@contextmanager
def running_postgres(folder: Path, **options: str) -> Iterator[PostgresServer]:
    """A server of its own in an empty folder, with the settings of `deploy/postgres`."""
    postgres = Postgres(folder / "postgres", free_port(), _PASSWORD)
    postgres.initialise()
    server = Server(
        postgres.command(options),
        postgres.is_ready,
        folder / "postgres.log",
        stop_signal=signal.SIGINT,
    )
    server.start()
    try:
        yield PostgresServer(postgres.url("postgres"), server)
    finally:
        server.stop()


@contextmanager
def running_nats(folder: Path) -> Iterator[NatsServer]:
    """A server of its own in an empty folder, with the settings of `deploy/nats`."""
    nats = Nats(folder / "nats", free_port(), free_port(), _PASSWORD)
    server = Server(nats.command(), nats.is_ready, folder / "nats.log")
    server.start()
    try:
        yield NatsServer(nats.url, server, nats.folder)
    finally:
        server.stop()


@pytest.fixture(scope="session")
def quick_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the run's servers: in memory, if the system has room there.

    On a busy disk, creating a database takes 300 ms instead of 30, and most tests create one.
    """
    if not (_MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_IN_MEMORY):
        yield tmp_path_factory.mktemp("servers")
        return
    _remove_leftovers()
    with tempfile.TemporaryDirectory(dir=_MEMORY, prefix=f"{_PREFIX}{os.getpid()}-") as folder:
        # PostgreSQL does not run as root: its own account must pass here.
        Path(folder).chmod(0o711)
        yield Path(folder)


def _remove_leftovers() -> None:
    """Remove what a killed run left behind."""
    for folder in _MEMORY.glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path("/proc", pid).exists():
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(quick_folder: Path) -> Iterator[PostgresServer]:
    """The run's PostgreSQL server; a test that kills it restarts it."""
    given = os.environ.get("BP_TEST_POSTGRES_URL")
    if given:
        yield PostgresServer(given, None)
    elif os.environ.get("BP_TEST_CONTAINERS") == "1":
        yield from _postgres_in_docker()
    else:
        # Without fsync: a killed process loses nothing by it, and the tests are faster.
        with running_postgres(quick_folder, fsync="off") as server:
            yield server


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture(scope="session")
def nats_server(quick_folder: Path) -> Iterator[NatsServer]:
    """The run's NATS server; streams of earlier tests are still in it."""
    given = os.environ.get("BP_TEST_NATS_URL")
    if given:
        yield NatsServer(given, None)
    elif os.environ.get("BP_TEST_CONTAINERS") == "1":
        yield from _nats_in_docker()
    else:
        with running_nats(quick_folder) as server:
            yield server


@pytest.fixture(scope="session")
def nats_url(nats_server: NatsServer) -> str:
    """The address of the run's NATS server."""
    return nats_server.url


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[PostgresServer]:
    """A PostgreSQL of this test alone, durable as in production, to be killed and restored."""
    with running_postgres(tmp_path) as server:
        yield server


@pytest.fixture
def own_nats(tmp_path: Path) -> Iterator[NatsServer]:
    """A NATS of this test alone: empty, to be killed, or to lose its store folder."""
    with running_nats(tmp_path) as server:
        yield server


def _postgres_in_docker() -> Iterator[PostgresServer]:
    from testcontainers.postgres import PostgresContainer  # noqa: PLC0415 - needs Docker

    with PostgresContainer("pgvector/pgvector:pg18", driver=None) as container:
        yield PostgresServer(container.get_connection_url(), None)


def _nats_in_docker() -> Iterator[NatsServer]:
    from testcontainers.nats import NatsContainer  # noqa: PLC0415 - needs Docker

    with NatsContainer("nats:2.15.1-alpine", jetstream=True) as container:
        yield NatsServer(container.nats_uri(), None)
