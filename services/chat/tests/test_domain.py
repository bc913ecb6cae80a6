from datetime import timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest

from services.chat.domain import (
    Channel,
    ChannelMember,
    ClosedFor,
    RequestOutdated,
    Role,
    SourceState,
    Team,
)
from services.chat.tests.builders import NOW, OPEN

PERSON, EXPERIENCE = uuid4(), uuid4()
ENDED = SourceState(2, 0, ClosedFor.ENDED)


def a_member() -> ChannelMember:
    member = ChannelMember(PERSON, EXPERIENCE)
    member.collect_events()
    return member


def kinds(member: ChannelMember) -> list[str]:
    return [type(each).__name__ for each in member.collect_events()]


def test_the_first_open_source_asks_to_join_and_the_provider_confirms_it() -> None:
    member = a_member()

    member.update_source(uuid4(), OPEN, NOW)
    member.confirm(member.request)

    assert kinds(member) == ["SourceUpdated", "JoinRequested", "Joined"]


def test_a_redelivered_state_or_outcome_changes_nothing() -> None:
    member, source = a_member(), uuid4()
    member.update_source(source, OPEN, NOW)
    member.confirm(1)
    member.collect_events()

    member.update_source(source, OPEN, NOW)
    member.confirm(1)

    assert kinds(member) == []


def test_a_grant_that_repeats_its_purchase_is_not_stored_again() -> None:
    member, source = a_member(), uuid4()
    member.update_source(source, OPEN, NOW)
    member.collect_events()

    member.update_source(source, SourceState(1, 1, None, NOW, None), NOW)

    assert kinds(member) == []


def test_losing_one_of_two_sources_keeps_the_person_in() -> None:
    member, pass_, comp = a_member(), uuid4(), uuid4()
    member.update_source(pass_, OPEN, NOW)
    member.update_source(comp, SourceState(0, 1, None, NOW), NOW)
    member.collect_events()

    member.update_source(pass_, ENDED, NOW)

    assert kinds(member) == ["SourceUpdated"]
    assert member.wanted_role == "member"


def test_losing_the_last_source_asks_to_leave() -> None:
    member, source = a_member(), uuid4()
    member.update_source(source, OPEN, NOW)
    member.confirm(1)
    member.collect_events()

    member.update_source(source, ENDED, NOW)
    member.confirm(2)

    assert kinds(member) == ["SourceUpdated", "LeaveRequested", "Left"]


def test_an_end_heard_before_its_purchase_lets_nobody_in() -> None:
    member, source = a_member(), uuid4()
    member.update_source(source, ENDED, NOW)
    member.collect_events()

    member.update_source(source, OPEN, NOW)

    assert kinds(member) == []
    assert member.wanted_role is None


@pytest.mark.parametrize(
    ("at", "wanted"),
    [
        (NOW - timedelta(seconds=1), None),
        (NOW, "member"),
        (NOW + timedelta(hours=1), None),
    ],
)
def test_a_source_lets_in_during_its_window(at: object, wanted: str | None) -> None:
    member = a_member()

    member.update_source(uuid4(), SourceState(1, 0, None, NOW, NOW + timedelta(hours=1)), at)

    assert member.wanted_role == wanted


def test_a_ban_asks_to_leave_once_and_its_end_asks_to_join_again() -> None:
    member = a_member()
    member.update_source(uuid4(), OPEN, NOW)
    member.confirm(1)
    member.collect_events()

    for _ in range(2):
        member.ban(NOW)
    member.confirm(2)
    for _ in range(2):
        member.lift_ban(NOW)

    assert kinds(member) == ["Banned", "LeaveRequested", "Left", "BanLifted", "JoinRequested"]
    assert member.wanted_role == "member"


def test_what_comes_during_a_ban_counts_once_it_is_lifted() -> None:
    member = a_member()
    member.ban(NOW)
    member.change_team_role(Role.MODERATOR, NOW)
    during = (member.wanted_role, kinds(member))

    member.lift_ban(NOW)

    assert during == (None, ["Banned", "TeamRoleChanged"])
    assert member.wanted_role == "moderator"


def test_a_source_that_ended_during_a_ban_lets_nobody_in_after_it() -> None:
    member, source = a_member(), uuid4()
    member.update_source(source, OPEN, NOW)
    member.ban(NOW)
    member.update_source(source, ENDED, NOW)

    member.lift_ban(NOW)

    assert member.wanted_role is None


# Checkout says (version, 0), access (version, the grant's own)
REFUNDED = (
    OPEN,
    SourceState(1, 1, None, NOW),
    ENDED,
    SourceState(2, 2, ClosedFor.ENDED),
)
RESTORED = (*REFUNDED, SourceState(3, 0, None, NOW), SourceState(3, 3, None, NOW))
ACCESS_HEARD_THE_END_LATE = (OPEN, SourceState(1, 1, None, NOW), ENDED, RESTORED[4])
EXPIRED = (*REFUNDED[:2], SourceState(1, 2, ClosedFor.ENDED), ENDED)
EXTENDED = (*EXPIRED, *RESTORED[4:])
REMOVED = (*REFUNDED[:2], SourceState(1, 2, ClosedFor.REMOVED), *RESTORED[4:])
COMP_REVOKED = (SourceState(0, 1, None, NOW), SourceState(0, 2, ClosedFor.REMOVED))

STORIES = {
    "refunded": (REFUNDED, None),
    "restored": (RESTORED, "member"),
    "restored before access heard the end": (ACCESS_HEARD_THE_END_LATE, "member"),
    "expired": (EXPIRED, None),
    "extended after it expired": (EXTENDED, "member"),
    "removed by the team": (REMOVED, None),
    "a comp that was revoked": (COMP_REVOKED, None),
}


def wanted_after(states: tuple[SourceState, ...]) -> str | None:
    member, source = a_member(), UUID(int=1)
    for state in (*states, *states):
        member.update_source(source, state, NOW)
    return member.wanted_role


@pytest.mark.parametrize("story", STORIES)
def test_the_latest_state_of_a_source_holds_in_every_order_of_arrival(story: str) -> None:
    states, wanted = STORIES[story]

    outcomes = {wanted_after(order) for order in permutations(states)}

    assert outcomes == {wanted}


@pytest.mark.parametrize("story", STORIES)
def test_without_the_versions_some_order_would_end_wrong(
    story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    states, _ = STORIES[story]
    monkeypatch.setattr(SourceState, "replaces", lambda _self, _known: True)

    outcomes = {wanted_after(order) for order in permutations(states)}

    assert outcomes == {None, "member"}


LOST = SourceState(0, 4, ClosedFor.LOST)


def after_a_loss(*then: SourceState) -> str | None:
    """At version 6, then lost; `then` is what is said in the order's new life."""
    member, source = a_member(), uuid4()
    for state in (SourceState(6, 0, None, NOW), SourceState(6, 3, None, NOW), LOST, LOST, *then):
        member.update_source(source, state, NOW)
    return member.wanted_role


def test_a_lost_order_lets_nobody_in_until_it_is_found_again() -> None:
    again, reinstated = OPEN, SourceState(1, 5, None, NOW)
    ended, revoked = ENDED, SourceState(2, 6, ClosedFor.ENDED)

    assert after_a_loss() is None
    for order in permutations((again, reinstated)):
        assert after_a_loss(*order) == "member"
    for order in permutations((again, reinstated, ended, revoked)):
        assert after_a_loss(*order) is None


def test_a_loss_heard_after_the_order_was_found_again_changes_nothing() -> None:
    assert after_a_loss(SourceState(1, 5, None, NOW), LOST) == "member"


def test_what_the_team_removed_stays_removed_after_a_loss() -> None:
    member, source = a_member(), uuid4()

    for state in (OPEN, SourceState(1, 2, ClosedFor.REMOVED), LOST, OPEN):
        member.update_source(source, state, NOW)

    assert member.wanted_role is None


def test_the_outcome_of_an_earlier_request_is_outdated() -> None:
    member, source = a_member(), uuid4()
    member.update_source(source, OPEN, NOW)
    member.update_source(source, ENDED, NOW)

    with pytest.raises(RequestOutdated):
        member.confirm(1)


def test_a_member_who_joins_the_team_gets_another_role() -> None:
    member = a_member()
    member.update_source(uuid4(), OPEN, NOW)
    member.confirm(1)
    member.collect_events()

    member.change_team_role(Role.MODERATOR, NOW)
    member.confirm(2)

    assert kinds(member) == ["TeamRoleChanged", "JoinRequested", "RoleChanged"]
    assert member.confirmed_role == "moderator"


def test_a_channel_opens_once() -> None:
    channel = Channel(EXPERIENCE, uuid4(), "Lounge")
    channel.confirm_open()
    channel.collect_events()

    channel.confirm_open()

    assert list(channel.collect_events()) == []


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_latest_version_of_a_ban_holds_in_every_order_of_arrival(
    order: tuple[int, ...],
) -> None:
    team = Team(uuid4())
    said = [
        lambda: team.ban(PERSON, 2),
        lambda: team.lift_ban(PERSON, 3),
        lambda: team.ban(PERSON, 4),
        lambda: team.ban(PERSON, 4),
    ]

    news = [said[each]() for each in order]

    assert team.banned == [PERSON]
    assert news.count(True) <= 3


def test_a_ban_heard_after_its_end_bans_nobody() -> None:
    team = Team(uuid4())

    news = [team.lift_ban(PERSON, 3), team.ban(PERSON, 2), team.lift_ban(PERSON, 3)]

    assert news == [True, False, False]
    assert team.banned == []


def test_a_role_on_the_team_is_changed_once_per_version() -> None:
    team = Team(uuid4())

    news = [
        team.change_role(PERSON, Role.MODERATOR, 2),
        team.change_role(PERSON, Role.MODERATOR, 2),
        team.change_role(PERSON, None, 4),
        team.change_role(PERSON, Role.MEMBER, 3),
    ]

    assert news == [True, False, True, False]
    assert team.roles == {}
