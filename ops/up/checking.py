"""Runs the checker every minute and reports its findings."""

import asyncio
import contextlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ops.up.console import Console

EVERY_S: Final = 60.0


class Checking:
    """`backstage verify` in a process of its own, which holds memory only while it checks."""

    def __init__(
        self,
        console: Console,
        data: Path,
        environment: Mapping[str, str],
        root: Path,
        every_s: float = EVERY_S,
    ) -> None:
        self._console = console
        self._argv = (sys.executable, "-m", "ops", "verify", "--providers", "--data", str(data))
        self._environment = environment
        self._root = root
        self._every_s = every_s
        self._said: str | None = None

    async def run(self) -> None:
        """Check for ever; the same findings are reported once."""
        while True:
            await asyncio.sleep(self._every_s)
            found = await self._look()
            if found != self._said:
                self._say(found)
            self._said = found

    async def _look(self) -> str | None:
        process = await asyncio.create_subprocess_exec(
            *self._argv,
            cwd=self._root,
            env=dict(self._environment),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            told, _ = await process.communicate()
        finally:
            # Ends with us if the system stops during a check.
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()
        return None if process.returncode == 0 else told.decode(errors="replace").strip()

    def _say(self, found: str | None) -> None:
        if found is None:
            self._console.say("the checker finds nothing wrong any more")
            return
        self._console.say("the checker found something (backstage verify):")
        for line in found.splitlines():
            self._console.say(f"  {line}")
