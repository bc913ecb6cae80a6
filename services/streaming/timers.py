"""Timers of the streaming service."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from libs.runtime.scheduling.schedule import Timer
from services.streaming.application import NO_HOST, Streaming


def end_without_host(payload: Mapping[str, Any], streaming: Streaming) -> None:
    """End a stream whose host did not return in time."""
    streaming.end_without_host(UUID(payload["stream_id"]))


TIMERS: Final[Mapping[str, Timer]] = {NO_HOST: end_without_host}
