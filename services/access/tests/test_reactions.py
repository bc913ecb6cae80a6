from contextlib import suppress
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import AggregateNotFoundError
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.events.catalog import PricingType
from libs.events.checkout import EndCause, MembershipState, PassPurchased
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.scheduling.schedule import MemorySchedule
from services.access.application import LOSE_SOURCE, Access
from services.access.domain import Grant, GrantNotActive, RevocationCause, Source
from services.access.reactions import SUBSCRIPTIONS
from services.access.tests.builders import (
    HOUR,
    NOON,
    a_change,
    a_purchase,
    about,
    an_access,
    an_end,
)
from services.access.timers import TIMERS


def hear(access: Access, *messages: Any, version: int | None = None) -> None:
    """What checkout says, each in its usual version unless told."""
    for message in messages:
        SUBSCRIPTIONS[type(message)](message, about(message, version=version), access)


def grants(access: Access, purchase: PassPurchased) -> list[Grant]:
    ids = [Grant.create_id(purchase.membership_id, e) for e in purchase.experience_ids]
    return [access.repository.get(grant_id) for grant_id in ids]


def active(access: Access, purchase: PassPurchased) -> list[bool]:
    return [grant.is_active for grant in grants(access, purchase)]


def revoke(access: Access, purchase: PassPurchased, number: int = 0) -> None:
    """The team revokes one grant."""
    access.revoke_grant(grants(access, purchase)[number].id, RevocationCause.CREATOR)


def test_a_purchase_becomes_a_grant_for_each_experience_of_the_pass() -> None:
    access = an_access()
    purchase = a_purchase(uuid4(), uuid4(), access_until=NOON + HOUR)

    hear(access, purchase)

    assert [(g.reason, g.person_id, g.window.until) for g in grants(access, purchase)] == [
        ("purchase", purchase.person_id, NOON + HOUR)
    ] * 2


def test_a_free_pass_says_that_it_was_free() -> None:
    access = an_access()
    purchase = a_purchase(pricing_type=PricingType.FREE, total_minor=0)

    hear(access, purchase)

    assert {g.reason for g in grants(access, purchase)} == {"free"}


def test_a_redelivered_purchase_issues_its_grants_once() -> None:
    access = an_access()
    purchase = a_purchase(uuid4(), uuid4())

    hear(access, purchase)
    stored = access.recorder.max_notification_id()
    hear(access, purchase)

    assert access.recorder.max_notification_id() == stored


def test_a_refunded_membership_revokes_its_grants_and_no_others() -> None:
    access = an_access()
    purchase, other = a_purchase(), a_purchase()

    hear(access, purchase, other, an_end(purchase))

    assert {g.revoked_for for g in grants(access, purchase)} == {RevocationCause.REFUND}
    assert all(active(access, other))


def test_a_restored_membership_reinstates_the_same_grants_with_their_window() -> None:
    clock, schedule = FixedClock(NOON), MemorySchedule()
    access = an_access(clock, schedule)
    purchase = a_purchase(uuid4(), uuid4(), access_until=NOON + 2 * HOUR)
    hear(access, purchase, an_end(purchase))
    revoked = list(schedule.entries)
    clock.advance(HOUR)

    hear(access, a_change(purchase), a_change(purchase))

    assert revoked == []
    for grant in grants(access, purchase):
        (*_, last) = access.events.get(grant.id)
        assert (type(last), last.source_version) == (Grant.Reinstated, 3)
        assert (last.valid_from, last.valid_until) == (NOON, NOON + 2 * HOUR)
    assert {entry.due_at for entry in schedule.entries} == {NOON + 2 * HOUR}


def test_what_the_team_revoked_is_not_reinstated() -> None:
    access = an_access()
    purchase = a_purchase(uuid4(), uuid4())
    hear(access, purchase)
    revoke(access, purchase)

    hear(access, an_end(purchase), a_change(purchase))

    assert active(access, purchase) == [False, True]


def test_a_suspended_membership_opens_nothing_until_it_is_active_again() -> None:
    access = an_access()
    purchase = a_purchase()
    hear(access, purchase)

    hear(access, a_change(purchase, MembershipState.SUSPENDED), version=2)
    suspended = grants(access, purchase)
    hear(access, a_change(purchase, MembershipState.PAST_DUE), version=3)

    assert {grant.revoked_for for grant in suspended} == {RevocationCause.SUSPENDED}
    assert all(active(access, purchase))


def test_a_membership_that_ended_since_the_team_removed_it_revokes_what_still_opens() -> None:
    """As after access was put back to a copy from before the removal."""
    access = an_access()
    purchase = a_purchase()

    hear(access, purchase, an_end(purchase, EndCause.REMOVED))

    assert {g.revoked_for for g in grants(access, purchase)} == {RevocationCause.CREATOR}


def test_an_expired_membership_leaves_the_end_to_the_window_of_its_grants() -> None:
    clock, schedule = FixedClock(NOON), MemorySchedule()
    access = an_access(clock, schedule)
    purchase = a_purchase(uuid4(), access_until=NOON + HOUR)
    hear(access, purchase)

    hear(access, an_end(purchase, EndCause.EXPIRED))
    clock.advance(HOUR)
    ring(access, schedule)

    (grant,) = grants(access, purchase)
    assert [type(e) for e in access.events.get(grant.id)] == [Grant.Issued, Grant.Expired]


def ring(access: Access, schedule: MemorySchedule) -> None:
    """The timers that are due."""
    for entry in [e for e in schedule.entries if e.due_at <= access._clock.now()]:
        schedule.cancel(entry.kind, entry.key)
        TIMERS[entry.kind](entry.payload, access)


# Whatever arrives first


class Heard:
    """Access in memory, and a membership whose events arrive in some order."""

    def __init__(self, make: type[Access] = Access) -> None:
        self.clock, self.schedule = FixedClock(NOON), MemorySchedule()
        self.access = make(clock=self.clock, schedule=self.schedule)
        self.purchase = a_purchase(UUID(int=1), UUID(int=2), access_until=NOON + HOUR)
        self.removed = False
        longer = a_change(self.purchase, access_until=NOON + 3 * HOUR)
        self.story = (
            (self.purchase, 1),
            (an_end(self.purchase), 2),
            (a_change(self.purchase), 3),
            (longer, 4),
            (an_end(self.purchase), 5),
            (longer, 6),
        )

    def hears(self, version: int) -> None:
        message, version = self.story[version - 1]
        hear(self.access, message, version=version)
        ring(self.access, self.schedule)

    def time_passes(self) -> None:
        """The first window of the membership closes."""
        self.clock.advance(HOUR)
        ring(self.access, self.schedule)

    def team_removes(self) -> None:
        """The team revokes the first grant, if it is open."""
        with suppress(AggregateNotFoundError, GrantNotActive):
            revoke(self.access, self.purchase)
            self.removed = True

    @property
    def outcome(self) -> list[tuple[object, ...]]:
        """What the door goes by, of both grants: the window of a revoked one counts for nothing."""
        return [
            (grant.revoked_for, None if grant.revoked_for else grant.window, grant.is_active)
            for grant in grants(self.access, self.purchase)
        ]


def in_order(length: int, *, time_passes: bool = False) -> list[tuple[object, ...]]:
    heard = Heard()
    for version in range(1, length + 1):
        heard.hears(version)
    if time_passes:
        heard.time_passes()
    return heard.outcome


@pytest.mark.parametrize("length", [2, 3, 4, 5])
def test_in_every_order_of_arrival_the_latest_version_holds(length: int) -> None:
    expected = in_order(length)
    for order in permutations(range(1, length + 1)):
        heard = Heard()
        for version in (*order, *order):
            heard.hears(version)

        assert heard.outcome == expected, order


@settings(max_examples=200, deadline=None)
@given(data=st.data(), length=st.integers(1, 6))
def test_in_every_order_of_versions_redeliveries_removal_and_expiry_the_grants_are_the_same(
    data: st.DataObject, length: int
) -> None:
    steps = [*range(1, length + 1), *range(1, length + 1), "removal", "expiry"]
    heard = Heard()

    for step in data.draw(st.permutations(steps)):
        match step:
            case "removal":
                heard.team_removes()
            case "expiry":
                heard.time_passes()
            case int():
                heard.hears(step)

    first, second = heard.outcome
    expected_first, expected_second = in_order(length, time_passes=True)
    assert second == expected_second
    if heard.removed:
        assert first == (RevocationCause.CREATOR, None, False)
    else:
        assert first == expected_first


class Timeless(Access):
    """The protection switched off: what is heard last holds, whatever its version."""

    def follow_membership(self, membership_id, version, revoked_for=None, window=None) -> None:
        last = self._source(membership_id).latest_version
        super().follow_membership(membership_id, last + 1, revoked_for, window)


class Forgetful(Access):
    """The protection switched off: the end of an unknown membership leaves no mark."""

    def follow_membership(self, membership_id, version, revoked_for=None, window=None) -> None:
        if self._find_source(membership_id) is not None:
            super().follow_membership(membership_id, version, revoked_for, window)


@pytest.mark.parametrize(
    ("make", "order"), [(Timeless, (1, 3, 2)), (Forgetful, (2, 1))], ids=["version", "mark"]
)
def test_without_its_protection_an_older_version_would_win(
    make: type[Access], order: tuple[int, ...]
) -> None:
    outcomes = []
    for made in (Access, make):
        heard = Heard(made)
        for version in order:
            heard.hears(version)
        outcomes.append(heard.outcome)

    assert outcomes[0] == in_order(len(order))
    assert outcomes[1] != outcomes[0]


# An order that checkout has lost


def lose(access: Access, purchase: PassPurchased) -> None:
    """What an operator has access do."""
    payload = {"source_id": str(purchase.membership_id)}
    TIMERS[LOSE_SOURCE](payload, access)


def test_a_lost_order_opens_nothing_and_is_revoked_once() -> None:
    clock, schedule = FixedClock(NOON), MemorySchedule()
    access = an_access(clock, schedule)
    purchase, other = (a_purchase(access_until=NOON + HOUR) for _ in range(2))
    hear(access, purchase, other)

    lose(access, purchase)
    stored = access.recorder.max_notification_id()
    lose(access, purchase)

    assert {g.revoked_for for g in grants(access, purchase)} == {RevocationCause.LOST}
    (*_, last) = access.events.get(grants(access, purchase)[0].id)
    assert last.source_version == 0
    assert all(active(access, other))
    assert {e.key for e in schedule.entries} == {str(g.id) for g in grants(access, other)}
    assert access.recorder.max_notification_id() == stored


def test_an_unknown_order_can_be_lost_without_a_trace() -> None:
    access = an_access()

    lose(access, a_purchase())

    assert access.recorder.max_notification_id() is None


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_a_lost_order_found_again_counts_its_versions_from_the_beginning(
    order: tuple[int, ...],
) -> None:
    """Its buyer asked again with the same key: the order is the same, in its new life."""
    heard = Heard()
    for version in range(1, 7):
        heard.hears(version)
    heard.team_removes()
    lose(heard.access, heard.purchase)
    lost = heard.outcome

    for version in (*order, *order):
        heard.hears(version)

    assert [grant[2] for grant in lost] == [False, False]
    (removed, found), (_, expected) = heard.outcome, in_order(3)
    assert removed[0] is RevocationCause.CREATOR
    assert found == expected


def test_without_forgetting_the_version_a_lost_order_would_stay_shut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard = Heard()
    for version in range(1, 7):
        heard.hears(version)

    def keeps_counting(source: Source) -> None:
        source.update(source.latest_version + 1, RevocationCause.LOST)

    monkeypatch.setattr(Source, "mark_lost", keeps_counting)
    lose(heard.access, heard.purchase)
    heard.hears(1)

    assert [grant[2] for grant in heard.outcome] == [False, False]
