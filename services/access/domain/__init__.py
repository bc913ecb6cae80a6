"""Grants, their sources, bans, and the rule of entry. No I/O, no clock, no random."""

from services.access.domain.ban import AlreadyBanned, Ban, BanReason, NotBanned
from services.access.domain.entry import EntryRule, Window, decide_entry
from services.access.domain.grant import (
    BY_TEAM,
    Grant,
    GrantNotActive,
    GrantReason,
    RevocationCause,
    WindowNotOpen,
)
from services.access.domain.source import Source

__all__ = [
    "BY_TEAM",
    "AlreadyBanned",
    "Ban",
    "BanReason",
    "EntryRule",
    "Grant",
    "GrantNotActive",
    "GrantReason",
    "NotBanned",
    "RevocationCause",
    "Source",
    "Window",
    "WindowNotOpen",
    "decide_entry",
]
