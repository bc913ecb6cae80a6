"""Ends leftovers of a killed run before their ports are needed again."""

import contextlib
import time
from pathlib import Path

from ops.up.data_folder import RunRecord

_PATIENCE_S = 10.0


def end_leftovers(run: RunRecord, recorded_at: Path) -> None:
    """Wait for the children of a finished run, and kill those that stay.

    On Linux they die with their supervisor; elsewhere they must be ended. Process ids are reused:
    only a process born while that run was recorded is one of its children.
    """
    import psutil  # noqa: PLC0415 - needed only after a crash, and heavy

    last_noted = recorded_at.stat().st_mtime
    children = []
    for pid in run.processes.values():
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            if run.started_at - 1 <= process.create_time() <= last_noted + 1:
                children.append(process)
    _, alive = psutil.wait_procs(children, timeout=1.0)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(alive, timeout=_PATIENCE_S)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    time.sleep(0.05 if children else 0)
