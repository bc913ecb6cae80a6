"""`./bp test`: all tests, the quick ones (`quick`), or what pytest's own arguments select.

All tests run in two parts: first those that several processes can share, then those that drive a
whole system, alone.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

import typer

from ops.up.refusals import CannotStart
from ops.up.web import build_if_changed

# Most tests wait for a server half of their time: two per core keep it busy.
_PROCESSES: Final = 2 * min(os.cpu_count() or 1, 4)
_SHARED: Final = ("-n", str(_PROCESSES), "--dist", "worksteal")
_WHOLE_SYSTEM: Final = "e2e or chaos"


def main(argv: Sequence[str]) -> int:
    """Return the exit code of the first part that failed."""
    try:
        build_if_changed(typer.echo)
    except CannotStart as refused:
        typer.echo(str(refused), err=True)
        return 1
    if argv[:1] == ["quick"]:
        return _pytest("--quick", *_SHARED, *argv[1:])
    if any(not each.startswith("--") for each in argv):
        return _pytest(*argv)
    shared = _pytest(*_SHARED, "-m", f"not ({_WHOLE_SYSTEM})", *argv)
    alone = _pytest("-m", _WHOLE_SYSTEM, *argv)
    return shared or alone


def _pytest(*arguments: str) -> int:
    return subprocess.call((sys.executable, "-m", "pytest", *arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
