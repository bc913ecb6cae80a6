"""What happens when a time has come."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from libs.runtime.scheduling.schedule import Timer
from services.chat.application import BEGIN_SOURCE, Chat


def begin_source(payload: Mapping[str, Any], chat: Chat) -> None:
    """A window that was bought ahead of its time opens, unless it was closed before."""
    chat.add_source(
        UUID(payload["source_id"]),
        UUID(payload["person_id"]),
        UUID(payload["experience_id"]),
        datetime.fromisoformat(payload["begins_at"]),
    )


TIMERS: Final[Mapping[str, Timer]] = {BEGIN_SOURCE: begin_source}
