"""Timers of the identity service."""

from collections.abc import Mapping
from typing import Any

from libs.runtime.scheduling.schedule import Timer
from services.identity.application import SWEEP, Identity


def on_sweep(_payload: Mapping[str, Any], identity: Identity) -> None:
    """Erase old codes and end expired sessions."""
    identity.sweep()


TIMERS: dict[str, Timer] = {SWEEP: on_sweep}
