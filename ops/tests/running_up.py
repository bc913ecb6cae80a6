"""`up` with small services as a process of its own, as tests inspect it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class Up:
    """A running `up`, its output, and its notes about itself."""

    def __init__(
        self,
        root: Path,
        data: Path,
        port: int,
        log: Path,
        *more: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.data, self.port, self._log = data, port, log
        with log.open("w") as out:
            self.process = subprocess.Popen(
                (
                    sys.executable,
                    "-m",
                    "ops.tests.small_system",
                    str(root),
                    str(data),
                    str(port),
                    *more,
                ),
                cwd=ROOT,
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def printed(self) -> str:
        return self._log.read_text()

    def note(self) -> dict[str, Any]:
        note: dict[str, Any] = json.loads((self.data / "run.json").read_text())
        return note

    def wait_until_ready(self) -> None:
        wait_for(lambda: "is ready at" in self.printed or self.process.poll() is not None, self)
        assert "is ready at" in self.printed, self.printed

    def ask(self, path: str = "/health/ready", offset: int = 0) -> str:
        url = f"http://127.0.0.1:{self.port + offset}{path}"
        with urllib.request.urlopen(url, timeout=2) as answer:
            text: str = answer.read().decode()
            return text

    def answers(self, offset: int = 0) -> bool:
        try:
            self.ask(offset=offset)
        except OSError:
            return False
        return True

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


def wait_for(condition: Callable[[], bool], up: Up, patience_s: float = 30.0) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, up.printed
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
