from itertools import permutations
from uuid import UUID, uuid4

import pytest

from services.chat.domain import Channel, Membership, RequestOutdated, Role, Team

PERSON, EXPERIENCE = uuid4(), uuid4()


def a_membership() -> Membership:
    membership = Membership(PERSON, EXPERIENCE)
    membership.collect_events()
    return membership


def kinds(membership: Membership) -> list[str]:
    return [type(each).__name__ for each in membership.collect_events()]


def test_the_first_reason_asks_for_a_seat_and_the_provider_confirms_it() -> None:
    membership = a_membership()

    membership.add_source(uuid4())
    membership.confirm(membership.request)

    assert kinds(membership) == ["SourceAdded", "JoinRequested", "Joined"]


def test_told_twice_of_one_reason_and_one_outcome_nothing_more_happens() -> None:
    membership, source = a_membership(), uuid4()
    membership.add_source(source)
    membership.confirm(1)
    membership.collect_events()

    membership.add_source(source)
    membership.confirm(1)

    assert kinds(membership) == []


def test_losing_one_of_two_reasons_keeps_the_seat() -> None:
    membership, order, comp = a_membership(), uuid4(), uuid4()
    membership.add_source(order)
    membership.add_source(comp)
    membership.collect_events()

    membership.remove_source(order)

    assert kinds(membership) == ["SourceRemoved"]
    assert membership.wish == "member"


def test_losing_the_last_reason_asks_to_leave() -> None:
    membership, order = a_membership(), uuid4()
    membership.add_source(order)
    membership.confirm(1)
    membership.collect_events()

    membership.remove_source(order)
    membership.confirm(2)

    assert kinds(membership) == ["SourceRemoved", "LeaveRequested", "Left"]


def test_a_reason_that_went_before_it_came_seats_nobody() -> None:
    membership, order = a_membership(), uuid4()
    membership.remove_source(order)
    membership.collect_events()

    membership.add_source(order)

    assert kinds(membership) == []
    assert membership.wish is None


def test_a_ban_asks_to_leave_once_and_its_end_asks_for_the_seat_again() -> None:
    membership = a_membership()
    membership.add_source(uuid4())
    membership.confirm(1)
    membership.collect_events()

    for _ in range(2):
        membership.ban()
    membership.confirm(2)
    for _ in range(2):
        membership.lift_ban()

    assert kinds(membership) == ["Banned", "LeaveRequested", "Left", "BanLifted", "JoinRequested"]
    assert membership.wish == "member"


def test_a_reason_that_comes_during_a_ban_counts_once_it_is_lifted() -> None:
    membership = a_membership()
    membership.ban()
    membership.add_source(uuid4(), Role.MODERATOR)
    during = (membership.wish, kinds(membership))

    membership.lift_ban()

    assert during == (None, ["Banned", "SourceAdded"])
    assert membership.wish == "moderator"


def test_a_reason_that_went_during_a_ban_seats_nobody_after_it() -> None:
    membership, order = a_membership(), uuid4()
    membership.add_source(order)
    membership.ban()
    membership.remove_source(order)

    membership.lift_ban()

    assert membership.wish is None


@pytest.mark.parametrize("order", list(permutations(range(5))))
def test_reasons_add_up_to_the_same_in_any_order(order: tuple[int, ...]) -> None:
    first, second, third = (UUID(int=n) for n in (1, 2, 3))
    steps = [
        lambda m: m.add_source(first),
        lambda m: m.remove_source(first),
        lambda m: m.add_source(second, Role.MODERATOR),
        lambda m: m.remove_source(second),
        lambda m: m.add_source(third),
    ]
    membership = a_membership()

    for step in order:
        steps[step](membership)

    assert membership.wish == "member"
    assert membership.live == {str(third): "member"}


def test_an_outcome_of_an_earlier_request_is_told_to_be_outdated() -> None:
    membership, order = a_membership(), uuid4()
    membership.add_source(order)
    membership.remove_source(order)

    with pytest.raises(RequestOutdated):
        membership.confirm(1)


def test_a_member_who_joins_the_team_gets_another_role_in_the_same_seat() -> None:
    membership = a_membership()
    membership.add_source(uuid4())
    membership.confirm(1)
    membership.collect_events()

    membership.add_source(uuid4(), Role.MODERATOR)
    membership.confirm(2)

    assert kinds(membership) == ["SourceAdded", "JoinRequested", "RoleChanged"]
    assert membership.seated_as == "moderator"


def test_a_channel_opens_once() -> None:
    channel = Channel(EXPERIENCE, uuid4(), "Lounge")
    channel.confirm_open()
    channel.collect_events()

    channel.confirm_open()

    assert list(channel.collect_events()) == []


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_newest_word_about_a_ban_stands_in_whatever_order_they_come(
    order: tuple[int, ...],
) -> None:
    team = Team(uuid4())
    words = [
        lambda: team.ban(PERSON, 2),
        lambda: team.lift_ban(PERSON, 3),
        lambda: team.ban(PERSON, 4),
        lambda: team.ban(PERSON, 4),
    ]

    told = [words[each]() for each in order]

    assert team.banned == [PERSON]
    assert told.count(True) <= 3


def test_a_ban_that_is_told_after_its_end_bans_nobody() -> None:
    team = Team(uuid4())

    told = [team.lift_ban(PERSON, 3), team.ban(PERSON, 2), team.lift_ban(PERSON, 3)]

    assert told == [True, False, False]
    assert team.banned == []


def test_who_left_the_team_and_came_back_has_a_new_reason() -> None:
    team, first, second = Team(uuid4()), uuid4(), uuid4()
    team.add_member(PERSON, first, Role.MODERATOR)
    team.add_member(PERSON, uuid4(), Role.MODERATOR)

    removed = team.remove_member(PERSON)
    team.add_member(PERSON, second, Role.MODERATOR)

    assert removed == first
    assert team.sources == {str(PERSON): second}


def test_before_roles_were_told_everyone_on_a_team_moderated() -> None:
    added: dict[str, object] = {}
    Team.MemberAdded.upcast_v1_v2(added)

    assert added == {"role": "moderator"}
