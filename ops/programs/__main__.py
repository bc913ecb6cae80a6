"""`python -m ops.programs NAME …`: prepares programs and reports progress on standard output.

It ends with the process that started it (or the one named by `--while`), and leaves nothing
running. The exit code is 1 if a program can't be had; the last line says why.
"""

import argparse
import os
import signal
import sys
import threading
import time

from ops.programs import compiled
from ops.programs.cache import CannotPrepare
from ops.programs.compiled import PROGRAMS

_LOOK_EVERY_S = 0.5


def main() -> int:
    """Prepare each missing program."""
    parser = argparse.ArgumentParser(prog="python -m ops.programs", description=__doc__)
    parser.add_argument("names", nargs="+", choices=sorted(PROGRAMS), metavar="NAME")
    parser.add_argument("--while", dest="pid", type=int, default=os.getppid())
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    threading.Thread(target=_end_with, args=(given.pid,), daemon=True).start()
    code = 0
    for name in given.names:
        try:
            compiled.ensure(PROGRAMS[name], _say)
        except CannotPrepare as why:
            _say(str(why))
            code = 1
    return code


def _end_with(pid: int) -> None:
    parent = os.getppid()
    while os.getppid() == pid if pid == parent else _lives(pid):
        time.sleep(_LOOK_EVERY_S)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
