from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import pytest

from services.chat.application import BEGIN_SOURCE, OPEN_CHANNEL
from services.chat.domain import Membership, Role
from services.chat.tests.builders import NOW, Desk
from services.chat.timers import begin_source

PERSON, OTHER, SPACE, EXPERIENCE = uuid4(), uuid4(), uuid4(), uuid4()


def test_an_experience_gets_its_channel_by_one_job() -> None:
    desk = Desk()

    desk.chat.add_experience(EXPERIENCE, SPACE, "Lounge")
    desk.chat.add_experience(EXPERIENCE, SPACE, "Lounge")
    desk.chat.confirm_channel(EXPERIENCE)

    opened = [entry for entry in desk.schedule.entries if entry.kind == OPEN_CHANNEL]
    assert [entry.payload for entry in opened] == [
        {"experience_id": str(EXPERIENCE), "name": "Lounge"}
    ]


def test_the_team_moderates_whichever_comes_first() -> None:
    team_first, experience_first = Desk(), Desk()

    team_first.chat.add_team_member(SPACE, PERSON, uuid4(), Role.MODERATOR)
    team_first.chat.add_experience(EXPERIENCE, SPACE, "Lounge")
    experience_first.chat.add_experience(EXPERIENCE, SPACE, "Lounge")
    experience_first.chat.add_team_member(SPACE, PERSON, uuid4(), Role.MODERATOR)

    for desk in (team_first, experience_first):
        assert desk.membership(PERSON, EXPERIENCE).wish == "moderator"
        assert len(desk.seats_asked_for()) == 1


def test_who_leaves_the_team_leaves_the_channel_unless_they_bought_it() -> None:
    desk, buyer = Desk(), uuid4()
    desk.chat.add_experience(EXPERIENCE, SPACE, "Lounge")
    desk.chat.add_source(uuid4(), buyer, EXPERIENCE, NOW)
    for person in (PERSON, buyer):
        desk.chat.add_team_member(SPACE, person, uuid4(), Role.MODERATOR)

    for person in (PERSON, buyer):
        desk.chat.remove_team_member(SPACE, person)

    assert desk.membership(PERSON, EXPERIENCE).wish is None
    assert desk.membership(buyer, EXPERIENCE).wish == "member"


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_ban_keeps_out_whatever_comes_before_or_after_it(order: tuple[int, ...]) -> None:
    desk = Desk()
    steps = [
        lambda: desk.chat.add_experience(EXPERIENCE, SPACE, "Lounge"),
        lambda: desk.chat.note_purchase(uuid4(), PERSON, [EXPERIENCE], NOW),
        lambda: desk.chat.add_team_member(SPACE, PERSON, uuid4(), Role.MODERATOR),
        lambda: desk.chat.ban_person(SPACE, PERSON, 2),
    ]

    for step in order:
        steps[step]()
    banned = desk.membership(PERSON, EXPERIENCE).wish
    desk.chat.lift_ban(SPACE, PERSON, 3)

    assert banned is None
    assert desk.membership(PERSON, EXPERIENCE).wish == "moderator"


def test_a_ban_holds_in_every_channel_of_its_space_and_in_no_other() -> None:
    desk, second, elsewhere = Desk(), uuid4(), uuid4()
    for experience, space in ((EXPERIENCE, SPACE), (second, SPACE), (elsewhere, uuid4())):
        desk.chat.add_experience(experience, space, "Lounge")
        desk.chat.add_source(uuid4(), PERSON, experience, NOW)
        desk.chat.add_source(uuid4(), OTHER, experience, NOW)

    desk.chat.ban_person(SPACE, PERSON, 2)

    seats = [desk.membership(PERSON, each).wish for each in (EXPERIENCE, second, elsewhere)]
    others = [desk.membership(OTHER, each).wish for each in (EXPERIENCE, second, elsewhere)]
    assert seats == [None, None, "member"]
    assert others == ["member"] * 3


def test_a_window_that_opens_during_a_ban_seats_nobody() -> None:
    desk, begins_at = Desk(), NOW + timedelta(days=1)
    desk.chat.add_experience(EXPERIENCE, SPACE, "Lounge")
    desk.chat.add_source(uuid4(), PERSON, EXPERIENCE, begins_at)
    [entry] = [each for each in desk.schedule.entries if each.kind == BEGIN_SOURCE]
    desk.chat.ban_person(SPACE, PERSON, 2)

    desk.clock.advance(timedelta(days=1))
    begin_source(entry.payload, desk.chat)

    assert desk.membership(PERSON, EXPERIENCE).wish is None


def test_a_window_that_opens_later_seats_nobody_before() -> None:
    desk, source = Desk(), uuid4()
    begins_at = NOW + timedelta(days=1)

    desk.chat.add_source(source, PERSON, EXPERIENCE, begins_at)

    [entry] = desk.schedule.entries
    assert (entry.kind, entry.due_at) == (BEGIN_SOURCE, begins_at)
    assert Membership.create_id(PERSON, EXPERIENCE) not in desk.chat.repository
    desk.clock.advance(timedelta(days=1))
    begin_source(entry.payload, desk.chat)
    assert desk.membership(PERSON, EXPERIENCE).wish == "member"


def test_an_outcome_that_is_wanted_no_more_is_put_right() -> None:
    desk, source = Desk(), uuid4()
    desk.chat.add_source(source, PERSON, EXPERIENCE, NOW)
    seat = desk.membership(PERSON, EXPERIENCE)
    desk.chat.remove_source(source, PERSON, EXPERIENCE)
    desk.confirm(PERSON, EXPERIENCE)

    desk.chat.confirm_seat(seat.id, 1)

    assert desk.seats_asked_for() == [f"{seat.id}/1", f"{seat.id}/2", f"{seat.id}/2/1"]
    assert desk.membership(PERSON, EXPERIENCE).seated_as is None


def test_who_gets_another_role_on_the_team_keeps_the_seat_in_that_role() -> None:
    desk = Desk()
    desk.chat.add_experience(EXPERIENCE, SPACE, "Lounge")
    desk.chat.add_team_member(SPACE, PERSON, uuid4(), Role.MODERATOR)
    desk.confirm(PERSON, EXPERIENCE)

    desk.chat.add_team_member(SPACE, PERSON, uuid4(), Role.MEMBER)
    seat = desk.membership(PERSON, EXPERIENCE)
    desk.chat.add_experience(other := uuid4(), SPACE, "Later")

    assert (seat.wish, seat.seated_as) == ("member", "moderator")
    assert desk.membership(PERSON, other).wish == "member"
