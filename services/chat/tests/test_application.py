from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import pytest

from services.chat.application import BEGIN_WINDOW, OPEN_CHANNEL
from services.chat.domain import ClosedFor, Role, SourceState
from services.chat.tests.builders import NOW, OPEN, InMemory
from services.chat.timers import on_begin_window

PERSON, OTHER, SPACE, EXPERIENCE = uuid4(), uuid4(), uuid4(), uuid4()
DAY = timedelta(days=1)


def test_an_experience_gets_its_channel_by_one_job() -> None:
    one = InMemory()

    one.chat.add_experience(EXPERIENCE, SPACE, "Lounge")
    one.chat.add_experience(EXPERIENCE, SPACE, "Lounge")
    one.chat.confirm_channel(EXPERIENCE)

    opened = [entry for entry in one.schedule.entries if entry.kind == OPEN_CHANNEL]
    assert [entry.payload for entry in opened] == [
        {"experience_id": str(EXPERIENCE), "name": "Lounge"}
    ]


def test_the_team_moderates_whichever_comes_first() -> None:
    team_first, experience_first = InMemory(), InMemory()

    team_first.chat.change_team_role(SPACE, PERSON, Role.MODERATOR, 1)
    team_first.chat.add_experience(EXPERIENCE, SPACE, "Lounge")
    experience_first.chat.add_experience(EXPERIENCE, SPACE, "Lounge")
    experience_first.chat.change_team_role(SPACE, PERSON, Role.MODERATOR, 1)

    for one in (team_first, experience_first):
        assert one.wanted(PERSON, EXPERIENCE) == "moderator"
        assert len(one.requests()) == 1


def test_who_leaves_the_team_leaves_the_channel_unless_they_bought_it() -> None:
    one, buyer = InMemory(), uuid4()
    one.chat.add_experience(EXPERIENCE, SPACE, "Lounge")
    one.chat.update_source(uuid4(), buyer, [EXPERIENCE], OPEN)
    for person in (PERSON, buyer):
        one.chat.change_team_role(SPACE, person, Role.MODERATOR, 2)

    for person in (PERSON, buyer):
        one.chat.change_team_role(SPACE, person, None, 3)

    assert one.wanted(PERSON, EXPERIENCE) is None
    assert one.wanted(buyer, EXPERIENCE) == "member"


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_latest_role_on_the_team_holds_in_every_order_of_arrival(
    order: tuple[int, ...],
) -> None:
    one = InMemory()
    steps = [
        lambda: one.chat.add_experience(EXPERIENCE, SPACE, "Lounge"),
        lambda: one.chat.change_team_role(SPACE, PERSON, Role.MODERATOR, 2),
        lambda: one.chat.change_team_role(SPACE, PERSON, None, 3),
        lambda: one.chat.change_team_role(SPACE, PERSON, Role.MEMBER, 4),
    ]

    for step in order:
        steps[step]()

    assert one.wanted(PERSON, EXPERIENCE) == "member"


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_ban_keeps_out_whatever_comes_before_or_after_it(order: tuple[int, ...]) -> None:
    one = InMemory()
    steps = [
        lambda: one.chat.add_experience(EXPERIENCE, SPACE, "Lounge"),
        lambda: one.chat.update_source(uuid4(), PERSON, [EXPERIENCE], OPEN),
        lambda: one.chat.change_team_role(SPACE, PERSON, Role.MODERATOR, 2),
        lambda: one.chat.ban_person(SPACE, PERSON, 2),
    ]

    for step in order:
        steps[step]()
    banned = one.wanted(PERSON, EXPERIENCE)
    one.chat.lift_ban(SPACE, PERSON, 3)

    assert banned is None
    assert one.wanted(PERSON, EXPERIENCE) == "moderator"


def test_a_ban_holds_in_every_channel_of_its_space_and_in_no_other() -> None:
    one, second, elsewhere = InMemory(), uuid4(), uuid4()
    for experience, space in ((EXPERIENCE, SPACE), (second, SPACE), (elsewhere, uuid4())):
        one.chat.add_experience(experience, space, "Lounge")
        one.chat.update_source(uuid4(), PERSON, [experience], OPEN)
        one.chat.update_source(uuid4(), OTHER, [experience], OPEN)

    one.chat.ban_person(SPACE, PERSON, 2)

    channels = (EXPERIENCE, second, elsewhere)
    assert [one.wanted(PERSON, each) for each in channels] == [None, None, "member"]
    assert [one.wanted(OTHER, each) for each in channels] == ["member"] * 3


def begin_windows(one: InMemory) -> None:
    """The timers that are due."""
    for entry in one.schedule.entries:
        if entry.kind == BEGIN_WINDOW and entry.due_at <= one.clock.now():
            on_begin_window(entry.payload, one.chat)


def test_a_window_that_opens_during_a_ban_lets_nobody_in() -> None:
    one, begins_at = InMemory(), NOW + DAY
    one.chat.add_experience(EXPERIENCE, SPACE, "Lounge")
    one.chat.update_source(uuid4(), PERSON, [EXPERIENCE], SourceState(1, 0, None, begins_at))
    one.chat.ban_person(SPACE, PERSON, 2)

    one.clock.advance(DAY)
    begin_windows(one)

    assert one.wanted(PERSON, EXPERIENCE) is None


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_window_that_opens_later_lets_in_then_also_if_it_was_moved(
    order: tuple[int, ...],
) -> None:
    one, source, wanted = InMemory(), uuid4(), []

    for version in order:
        begins_at = NOW + version * DAY
        state = SourceState(version, 0, None, begins_at)
        one.chat.update_source(source, PERSON, [EXPERIENCE], state)
    for _ in range(3):
        begin_windows(one)
        wanted.append(one.wanted(PERSON, EXPERIENCE))
        one.clock.advance(DAY)

    assert wanted == [None, None, "member"]


def test_a_window_that_closed_before_it_was_heard_of_lets_nobody_in() -> None:
    one = InMemory()

    over = SourceState(3, 0, None, NOW - DAY, NOW)
    one.chat.update_source(uuid4(), PERSON, [EXPERIENCE], over)

    assert one.wanted(PERSON, EXPERIENCE) is None


def test_an_outdated_outcome_is_put_right() -> None:
    one, source = InMemory(), uuid4()
    one.chat.update_source(source, PERSON, [EXPERIENCE], OPEN)
    member = one.member(PERSON, EXPERIENCE)
    ended = SourceState(2, 0, ClosedFor.ENDED)
    one.chat.update_source(source, PERSON, [EXPERIENCE], ended)
    one.confirm(PERSON, EXPERIENCE)

    one.chat.confirm_member(member.id, 1)

    assert one.requests() == [f"{member.id}/1", f"{member.id}/2", f"{member.id}/2/1"]
    assert one.member(PERSON, EXPERIENCE).confirmed_role is None


def test_who_gets_another_role_on_the_team_has_it_in_every_channel() -> None:
    one = InMemory()
    one.chat.add_experience(EXPERIENCE, SPACE, "Lounge")
    one.chat.change_team_role(SPACE, PERSON, Role.MODERATOR, 2)
    one.confirm(PERSON, EXPERIENCE)

    one.chat.change_team_role(SPACE, PERSON, Role.MEMBER, 3)
    before = one.member(PERSON, EXPERIENCE)
    one.confirm(PERSON, EXPERIENCE)
    one.chat.add_experience(other := uuid4(), SPACE, "Later")

    assert (before.wanted_role, before.confirmed_role) == ("member", "moderator")
    assert one.member(PERSON, EXPERIENCE).confirmed_role == "member"
    assert one.wanted(PERSON, other) == "member"
