"""Which of our domain events become public, and in what shape; every one of them is listed."""

from functools import singledispatch

from libs.events.chat import ChatMembershipAdded, ChatMembershipRemoved
from libs.events.contract import Contract
from services.chat.domain import Channel, Membership, Purchase, Team


@singledispatch
def to_contract(event: object) -> Contract | None:
    """Translate one domain event into what the world may know about it; None keeps it private."""
    raise NotImplementedError(f"{type(event).__qualname__}: public or private?")


@to_contract.register
def _(event: Membership.Joined) -> Contract:
    return ChatMembershipAdded(person_id=event.person_id, experience_id=event.experience_id)


@to_contract.register
def _(event: Membership.Left) -> Contract:
    return ChatMembershipRemoved(person_id=event.person_id, experience_id=event.experience_id)


@to_contract.register(Membership.Opened)
@to_contract.register(Membership.SourceAdded)
@to_contract.register(Membership.SourceRemoved)
@to_contract.register(Membership.Banned)
@to_contract.register(Membership.BanLifted)
@to_contract.register(Membership.JoinRequested)
@to_contract.register(Membership.RoleChanged)
@to_contract.register(Membership.LeaveRequested)
@to_contract.register(Purchase.Opened)
@to_contract.register(Purchase.Noted)
@to_contract.register(Purchase.Refunded)
@to_contract.register(Channel.Requested)
@to_contract.register(Channel.Opened)
@to_contract.register(Team.Opened)
@to_contract.register(Team.ExperienceListed)
@to_contract.register(Team.MemberAdded)
@to_contract.register(Team.MemberRemoved)
@to_contract.register(Team.PersonBanned)
@to_contract.register(Team.BanLifted)
def _(event: object) -> None:
    """How we come to seat someone is our own business."""
