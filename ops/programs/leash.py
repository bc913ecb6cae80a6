"""Runs a command at the lowest priority until it ends, or until our standard input closes.

The system closes that input when our parent dies, by whatever signal. Then the whole process group
ends, including a compiler's own children, which no signal to the compiler reaches. This file is
started by its path and uses only the standard library.
"""

import os
import signal
import subprocess
import sys
import threading


def main(argv: list[str]) -> int:
    """Return the command's exit code."""
    os.nice(19)
    threading.Thread(target=_end_with_our_parent, daemon=True).start()
    return subprocess.call(argv, stdin=subprocess.DEVNULL)


def _end_with_our_parent() -> None:
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
