"""The whole system as `up` runs it, on a folder and ports of its own, its processes in reach."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.servers import free_row_of_ports

READY_WITHIN_S = 120.0
ROOT = Path(__file__).parents[2]


@dataclass
class RunningSystem:
    """A system that a test may drive, inspect and break."""

    data: Path
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        """The gateway's address for a browser."""
        return f"http://localhost:{self.port}"

    @property
    def record(self) -> dict[str, Any]:
        """What runs now: process ids and addresses."""
        record: dict[str, Any] = json.loads((self.data / "run.json").read_text())
        return record

    def kill(self, name: str) -> None:
        """Kill one process, as a crash does."""
        os.kill(self.record["processes"][name], signal.SIGKILL)

    def mails_to(self, address: str) -> list[dict[str, Any]]:
        """Return the mails to an address, oldest first."""
        sandbox = self.record["urls"]["sandbox"]
        answer = httpx.get(f"{sandbox}/mailbox/messages.json", params={"to": address})
        messages: list[dict[str, Any]] = answer.raise_for_status().json()
        return sorted(messages, key=lambda mail: mail["received_at"])

    def codes_to(self, address: str) -> list[str]:
        """Return the sign-in codes mailed to an address, oldest first."""
        found = [re.search(r"\b(\d{6})\b", m["text"]) for m in self.mails_to(address)]
        return [match[1] for match in found if match]

    def code_for(self, address: str, after: int = 0) -> str:
        """Return the newest sign-in code, once more than `after` mails with a code have arrived."""
        wait_until(lambda: len(self.codes_to(address)) > after, f"a code for {address}")
        return self.codes_to(address)[-1]


def wait_until(true: Any, what: str, within_s: float = 20.0) -> None:
    """Wait for something that other processes do."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, f"waited {within_s:g} s in vain for {what}"
        time.sleep(0.05)


def start_system(
    folder: Path,
    port: int | None = None,
    more: Mapping[str, str] | None = None,
    *,
    arguments: Sequence[str] = (),
    program: str = "ops",
) -> RunningSystem:
    """Start everything and wait until it is ready; `more` is added to its environment.

    `program` is the module whose `up` is started.
    """
    port, log = port or free_row_of_ports(), folder / "up.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                program,
                "up",
                "--port",
                str(port),
                "--data",
                str(folder / "data"),
                *arguments,
            ],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={k: v for k, v in os.environ.items() if k != "BP_CALLED_FROM"} | dict(more or {}),
        )
    deadline = time.monotonic() + READY_WITHIN_S
    while "is ready at" not in log.read_text():
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.1)
    return RunningSystem(folder / "data", port, process, log)


def stop_system(system: RunningSystem) -> None:
    """Ask it to end, as Ctrl-C does."""
    system.process.send_signal(signal.SIGINT)
    system.process.wait(timeout=30)
