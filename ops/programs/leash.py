"""Runs a command at the lowest priority until it ends, or until our standard input closes.

The system closes that input when whoever started us dies, by whatever signal. The whole process
group ends then: a compiler's own children, too, which no signal to the compiler reaches. This
file is started by its path, with the standard library alone.
"""

import os
import signal
import subprocess
import sys
import threading


def main(argv: list[str]) -> int:
    """The command's exit code."""
    os.nice(19)
    threading.Thread(target=_end_with_our_parent, daemon=True).start()
    return subprocess.call(argv, stdin=subprocess.DEVNULL)


def _end_with_our_parent() -> None:
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
