"""What happens when time has come."""

from collections.abc import Mapping
from typing import Any

from libs.runtime.scheduling.schedule import Timer
from services.identity.application import SWEEP, Identity


def on_sweep(_payload: Mapping[str, Any], identity: Identity) -> None:
    """Old codes are erased and forgotten sessions ended."""
    identity.sweep()


TIMERS: dict[str, Timer] = {SWEEP: on_sweep}
