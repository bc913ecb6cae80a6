"""Which private events become public, and as which contracts; each of them is listed."""

from typing import Final

from libs.events.chat import ChannelMemberAdded, ChannelMemberRemoved
from libs.runtime.messaging.publishing import Publishing
from services.chat.domain import Channel, ChannelMember, Team

to_contract: Final = Publishing()

to_contract.public(ChannelMember.Joined, ChannelMemberAdded)
to_contract.public(ChannelMember.Left, ChannelMemberRemoved)

# Others need to know who is in a channel, and not why.
to_contract.private(
    ChannelMember.Opened,
    ChannelMember.SourceUpdated,
    ChannelMember.TeamRoleChanged,
    ChannelMember.Banned,
    ChannelMember.BanLifted,
    ChannelMember.JoinRequested,
    ChannelMember.RoleChanged,
    ChannelMember.LeaveRequested,
    Channel.Requested,
    Channel.Opened,
    Team.Opened,
    Team.ExperienceListed,
    Team.RoleChanged,
    Team.PersonBanned,
    Team.BanLifted,
)
