"""The folder that holds everything a running system must not lose."""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from ops.up.refusals import CannotStart

LEAST_FREE_MB = 500


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What runs now, for tests, benches and operators' commands; holds no secret."""

    pid: int
    base_port: int
    started_at: float
    """Seconds since 1970."""
    ports: dict[str, int] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    processes: dict[str, int] = field(default_factory=dict)
    """Process ids by name; a child that is restarting is missing."""
    restarts: dict[str, int] = field(default_factory=dict)
    ready_after_s: float | None = None
    """The duration of the start; None until it is complete."""


class DataFolder:
    """A system's data on disk: databases, streams, the sandbox's state, local secrets."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        # Each may be a link to a folder on a disk of its own, which is created there.
        self.postgres = (self.path / "postgres").resolve()
        self.nats = (self.path / "nats").resolve()
        self.sandbox = (self.path / "sandbox").resolve()
        self.video_state = self.path / "video.json"
        self._lock_file: TextIO | None = None

    def prepare(self) -> None:
        """Create the folder and lock it for this process's lifetime."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o755)
            self.sandbox.mkdir(exist_ok=True, mode=0o700)
            self.nats.mkdir(exist_ok=True, mode=0o700)
            self._lock_file = (self.path / "lock").open("a+")
        except OSError as refused:
            raise CannotStart(
                f"The data folder {self.path} can't be used: {refused.strerror}."
            ) from refused
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as refused:
            self._lock_file.seek(0)
            holder = self._lock_file.read().strip() or "unknown"
            self.release()
            raise CannotStart(
                f"Another `up` (process {holder}) already runs on {self.path}: "
                "end it first, or give this one a folder of its own with --data."
            ) from refused
        self._lock_file.truncate(0)
        self._lock_file.write(str(os.getpid()))
        self._lock_file.flush()

    def release(self) -> None:
        """Release the folder for the next `up`."""
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    def free_mb(self) -> int:
        """Return the free megabytes on the folder's disk."""
        return shutil.disk_usage(self.path).free // 1_000_000

    def check_space(self, least_mb: int = LEAST_FREE_MB) -> None:
        """Refuse a nearly full disk, because PostgreSQL stops when it can't write."""
        free = self.free_mb()
        if free < least_mb:
            raise CannotStart(
                f"Only {free} MB are free on the disk of {self.path}, and {least_mb} MB are "
                "needed: make room, or choose a folder on another disk with --data."
            )

    def secret(self, name: str) -> str:
        """Return a secret for local use, created at the first call; 48 hexadecimal digits."""
        known = self._secrets()
        if name not in known:
            if name == "postgres" and (self.postgres / "PG_VERSION").exists():
                raise CannotStart(
                    f"{self.path / 'secrets.json'} is missing while the databases are there: "
                    "put it back, or start with an empty folder."
                )
            known[name] = secrets.token_hex(24)
            write_json(self.path / "secrets.json", known)
        return known[name]

    def _secrets(self) -> dict[str, str]:
        try:
            known: dict[str, str] = json.loads((self.path / "secrets.json").read_text())
        except FileNotFoundError:
            return {}
        return known

    def database_url(self, service: str, port: int | None = None) -> str:
        """Return the address of a service's database, by default on the port of what runs now."""
        if port is None:
            port = self.running().ports["postgres"]
        name = database_name(service)
        return f"postgresql://{name}:{self.secret(name)}@127.0.0.1:{port}/{name}"

    def nats_url(self, port: int | None = None) -> str:
        """Return the address of NATS, by default on the port of what runs now."""
        if port is None:
            port = self.running().ports["nats"]
        return f"nats://backstage:{self.secret('nats')}@127.0.0.1:{port}"

    def record(self, run: RunRecord) -> None:
        """Store what runs now, atomically."""
        write_json(self.path / "run.json", asdict(run))

    def forget_run(self) -> None:
        """Record that nothing runs any more."""
        (self.path / "run.json").unlink(missing_ok=True)

    def last_run(self) -> RunRecord | None:
        """Return what runs now, or what ran last if it did not end cleanly."""
        try:
            return RunRecord(**json.loads((self.path / "run.json").read_text()))
        except FileNotFoundError:
            return None

    def running(self) -> RunRecord:
        """Return what runs now; refuses if nothing does."""
        run = self.last_run()
        if run is None:
            raise CannotStart(f"Nothing runs on {self.path}: start it with ./bp up first.")
        return run


def database_name(service: str) -> str:
    """Return the name of a service's database, and of the only role that may enter it."""
    return f"backstage_{service}"


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write it atomically; nobody else on this machine may read it."""
    unfinished = path.with_suffix(".new")
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(content, indent=2) + "\n")
    unfinished.replace(path)
