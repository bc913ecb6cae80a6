"""What the chat service does when a time has come."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from libs.runtime.scheduling.schedule import Timer
from services.chat.application import BEGIN_WINDOW, Chat


def on_begin_window(payload: Mapping[str, Any], chat: Chat) -> None:
    """A window of access has begun."""
    chat.begin_window(UUID(payload["person_id"]), UUID(payload["experience_id"]))


TIMERS: Final[Mapping[str, Timer]] = {BEGIN_WINDOW: on_begin_window}
