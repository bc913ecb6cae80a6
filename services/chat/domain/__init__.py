"""Channels, the people in them and the reasons why: rules without I/O and without a clock."""

from services.chat.domain.channel import Channel
from services.chat.domain.membership import Membership, RequestOutdated, Role
from services.chat.domain.purchase import Purchase
from services.chat.domain.team import Team

__all__ = ["Channel", "Membership", "Purchase", "RequestOutdated", "Role", "Team"]
