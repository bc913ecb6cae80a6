"""The public event of each of our domain events; None keeps one private."""

from functools import singledispatch

from libs.events.chat import ChannelMemberAdded, ChannelMemberRemoved
from libs.events.contract import Contract
from services.chat.domain import Channel, ChannelMember, Team


@singledispatch
def to_contract(event: object) -> Contract | None:
    """Return the public event. Raises NotImplementedError for an event that is not listed."""
    raise NotImplementedError(f"{type(event).__qualname__}: public or private?")


@to_contract.register
def _(event: ChannelMember.Joined) -> Contract:
    return ChannelMemberAdded(person_id=event.person_id, experience_id=event.experience_id)


@to_contract.register
def _(event: ChannelMember.Left) -> Contract:
    return ChannelMemberRemoved(person_id=event.person_id, experience_id=event.experience_id)


@to_contract.register(ChannelMember.Opened)
@to_contract.register(ChannelMember.SourceUpdated)
@to_contract.register(ChannelMember.TeamRoleChanged)
@to_contract.register(ChannelMember.Banned)
@to_contract.register(ChannelMember.BanLifted)
@to_contract.register(ChannelMember.JoinRequested)
@to_contract.register(ChannelMember.RoleChanged)
@to_contract.register(ChannelMember.LeaveRequested)
@to_contract.register(Channel.Requested)
@to_contract.register(Channel.Opened)
@to_contract.register(Team.Opened)
@to_contract.register(Team.ExperienceListed)
@to_contract.register(Team.RoleChanged)
@to_contract.register(Team.PersonBanned)
@to_contract.register(Team.BanLifted)
def _(event: object) -> None:
    """Others need to know who is in a channel, not how it came about."""
