"""Channels and the people in them: rules without I/O and without a clock."""

from services.chat.domain.channel import Channel
from services.chat.domain.channel_member import ChannelMember, RequestOutdated, Role
from services.chat.domain.source import ClosedFor, SourceState
from services.chat.domain.team import Team

__all__ = [
    "Channel",
    "ChannelMember",
    "ClosedFor",
    "RequestOutdated",
    "Role",
    "SourceState",
    "Team",
]
