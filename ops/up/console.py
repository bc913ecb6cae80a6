"""The terminal: every line with the name of its writer."""

import os
import sys
from collections.abc import Mapping
from typing import TextIO

_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94, 91)
_WIDTH = 13


class Console:
    """Prefixed lines, coloured on a terminal unless `NO_COLOR` is set."""

    def __init__(self, out: TextIO, environment: Mapping[str, str]) -> None:
        self._out = out
        self._coloured = out.isatty() and not environment.get("NO_COLOR")
        self._colour_of: dict[str, int] = {}

    def say(self, text: str) -> None:
        """Print a line of the supervisor's own."""
        self._write("up", text, bold=True)

    def line(self, name: str, text: str) -> None:
        """Print a child's line."""
        self._write(name, text, bold=False)

    def _write(self, name: str, text: str, *, bold: bool) -> None:
        prefix = f"{name:<{_WIDTH}} |"
        if self._coloured:
            colour = self._colour_of.setdefault(
                name, _COLOURS[len(self._colour_of) % len(_COLOURS)]
            )
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
            text = f"\x1b[1m{text}\x1b[0m" if bold else text
        try:
            self._out.write(f"{prefix} {text}\n")
            self._out.flush()
        except (BrokenPipeError, ValueError):
            # Nobody reads our output any more; the system continues until it is told to end.
            self._out = open(os.devnull, "w")  # noqa: SIM115 - open for ever
            sys.stdout = self._out
