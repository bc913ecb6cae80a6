"""Timers of the notifications service."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from libs.runtime.scheduling.schedule import Timer
from services.notifications.application import FAN_OUT_LIVE, Live, Notifications


def on_fan_out_live(payload: Mapping[str, Any], app: Notifications) -> None:
    """Notify the next page of people that a stream is live."""
    app.tell_live(
        Live(
            UUID(payload["about_event_id"]),
            UUID(payload["experience_id"]),
            UUID(payload["space_id"]),
            datetime.fromisoformat(payload["started_at"]),
            after=UUID(payload["after"]),
        )
    )


TIMERS: Final[Mapping[str, Timer]] = {FAN_OUT_LIVE: on_fan_out_live}
