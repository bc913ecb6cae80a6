"""Notices and their outcomes. No I/O, no clock, no random."""

from services.notifications.domain.kinds import (
    CHANNELS_OF,
    MANDATORY,
    Channel,
    DropReason,
    Kind,
)
from services.notifications.domain.notice import Notice, Status

__all__ = ["CHANNELS_OF", "MANDATORY", "Channel", "DropReason", "Kind", "Notice", "Status"]
