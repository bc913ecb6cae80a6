"""Calls tools such as Go, uv and npm: at low priority, and never longer than we live."""

import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ops.programs import leash

_KEPT_LINES: Final = 40


@dataclass(frozen=True, slots=True)
class Ended:
    """How a tool ended, and the last lines of its output."""

    code: int
    said: str

    @property
    def last_line(self) -> str:
        """Return at most 300 characters; empty if it printed nothing."""
        return self.said.rpartition("\n")[2][:300]


def run(
    argv: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    heard: Callable[[str], None] = lambda _: None,
) -> Ended:
    """Run a tool to its end; each of its lines goes to `heard` at once."""
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    with subprocess.Popen(
        (sys.executable, "-I", str(leash.__file__), *argv),
        cwd=folder,
        env=environment,
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise AssertionError
        try:
            for line in process.stdout:
                last.append(line.strip())
                heard(line.strip())
            code = process.wait()
        finally:
            process.stdin.close()
    return Ended(code, "\n".join(line for line in last if line))
