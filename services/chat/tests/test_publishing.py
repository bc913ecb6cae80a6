from uuid import uuid4

from libs.events.chat import ChatMembershipAdded, ChatMembershipRemoved
from services.chat.domain import Channel, Membership, Purchase, Role, Team
from services.chat.publishing import to_contract


def test_the_world_hears_of_confirmed_seats_and_nothing_else() -> None:
    person_id, experience_id, order, team = uuid4(), uuid4(), uuid4(), uuid4()
    seat = Membership(person_id, experience_id)
    seat.add_source(order)
    seat.confirm(1)
    seat.add_source(team, Role.MODERATOR)
    seat.confirm(2)
    seat.remove_source(order)
    seat.ban()
    seat.remove_source(team)
    seat.confirm(3)
    seat.lift_ban()

    told = [each for each in map(to_contract, seat.collect_events()) if each is not None]

    who = {"person_id": person_id, "experience_id": experience_id}
    assert told == [ChatMembershipAdded(**who), ChatMembershipRemoved(**who)]


def test_channels_teams_and_purchases_are_our_own_business() -> None:
    channel, team = Channel(uuid4(), uuid4(), "Lounge"), Team(uuid4())
    purchase, person = Purchase(uuid4()), uuid4()
    channel.confirm_open()
    team.list_experience(uuid4())
    team.add_member(person, uuid4(), Role.MODERATOR)
    team.remove_member(person)
    team.ban(person, 2)
    team.lift_ban(person, 3)
    purchase.note(person, [uuid4()])
    purchase.refund()

    told = [
        to_contract(event)
        for aggregate in (channel, team, purchase)
        for event in aggregate.collect_events()
    ]

    assert told == [None] * 11
