"""Whether NATS stores messages, according to its monitor."""

import os
from typing import Final

from ops.up.data_folder import DataFolder
from ops.up.healing import write_error_of

REPAIR: Final = (
    "make room on the disk of NATS; `up` then restarts it by itself, elsewhere restart one"
    " nats-server after the other (SIGTERM)"
)


def storage_error(folder: DataFolder) -> str | None:
    """Return why a stream stores nothing until its server restarts, or None.

    `NATS_MONITOR_URL` names the monitor if NATS does not run below the data folder.
    """
    url = os.environ.get("NATS_MONITOR_URL")
    if url is None:
        run = folder.last_run()
        if run is None:
            return None
        url = f"http://127.0.0.1:{run.ports['nats_monitor']}"
    error = write_error_of(url)
    return None if error is None else f"NATS stores nothing although it answers: {error}"
