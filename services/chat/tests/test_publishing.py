from uuid import uuid4

from libs.events.chat import ChannelMemberAdded, ChannelMemberRemoved
from services.chat.domain import Channel, ChannelMember, Role, Team
from services.chat.publishing import to_contract
from services.chat.tests.builders import NOW, OPEN


def test_confirmed_members_are_announced_and_nothing_else() -> None:
    member = ChannelMember(uuid4(), uuid4())
    member.update_source(uuid4(), OPEN, NOW)
    member.confirm(1)
    member.change_team_role(Role.MODERATOR, NOW)
    member.confirm(2)
    member.ban(NOW)
    member.confirm(3)
    member.lift_ban(NOW)

    announced = [each for each in map(to_contract, member.collect_events()) if each is not None]

    who = {"person_id": member.person_id, "experience_id": member.experience_id}
    assert announced == [ChannelMemberAdded(**who), ChannelMemberRemoved(**who)]


def test_channels_and_teams_are_private() -> None:
    channel, team, person = Channel(uuid4(), uuid4(), "Lounge"), Team(uuid4()), uuid4()
    channel.confirm_open()
    team.list_experience(uuid4())
    team.change_role(person, Role.MODERATOR, 1)
    team.ban(person, 2)
    team.lift_ban(person, 3)

    announced = [
        to_contract(event) for aggregate in (channel, team) for event in aggregate.collect_events()
    ]

    assert announced == [None] * 7
