import json
from dataclasses import replace
from itertools import permutations
from uuid import uuid4

import pytest

from libs.events.catalog import PricingType
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.scheduling.schedule import MemorySchedule
from services.access.application import Access
from services.access.domain import Grant, RevocationCause, Source
from services.access.reactions import SUBSCRIPTIONS, on_pass_purchased, on_purchase_refunded
from services.access.tests.builders import (
    HOUR,
    NOON,
    a_failed_refund,
    a_purchase,
    a_refund,
    about,
    an_access,
)


def hear(access: Access, *messages: object) -> None:
    for message in messages:
        react = on_pass_purchased if hasattr(message, "pass_slug") else on_purchase_refunded
        react(message, about(message), access)


def grants(access: Access, purchase: object) -> list[Grant]:
    ids = [Grant.create_id(purchase.order_id, e) for e in purchase.experience_ids]
    return [access.repository.get(grant_id) for grant_id in ids]


def test_a_purchase_becomes_a_grant_for_each_experience_of_the_pass() -> None:
    access = an_access()
    purchase = a_purchase(uuid4(), uuid4(), access_until=NOON + HOUR)

    hear(access, purchase)

    assert [(g.reason, g.person_id, g.valid_until) for g in grants(access, purchase)] == [
        ("purchase", purchase.person_id, NOON + HOUR)
    ] * 2


def test_a_free_pass_says_that_it_was_free() -> None:
    access = an_access()
    purchase = a_purchase(pricing_type=PricingType.FREE, total_minor=0)

    hear(access, purchase)

    assert {g.reason for g in grants(access, purchase)} == {"free"}


def test_told_twice_about_one_purchase_we_issue_its_grants_once() -> None:
    access = an_access()
    purchase = a_purchase(uuid4(), uuid4())

    hear(access, purchase, purchase)

    assert access.recorder.max_notification_id() == 3


def test_a_full_refund_takes_every_grant_of_the_order_and_no_other() -> None:
    access = an_access()
    purchase, other = a_purchase(), a_purchase()

    hear(access, purchase, other, a_refund(purchase))

    assert not any(g.is_active for g in grants(access, purchase))
    assert all(g.is_active for g in grants(access, other))


def test_a_partial_refund_changes_nothing() -> None:
    access = an_access()
    purchase = a_purchase()

    hear(access, purchase, a_refund(purchase, full=False))

    assert all(g.is_active for g in grants(access, purchase))


@pytest.mark.parametrize("order", sorted(set(permutations("PPRR"))), ids="".join)
def test_in_whatever_order_a_purchase_and_its_refund_come_the_door_is_shut(
    order: tuple[str, ...],
) -> None:
    access = an_access()
    purchase = a_purchase(uuid4(), uuid4(), access_until=NOON + HOUR)

    hear(access, *({"P": purchase, "R": a_refund(purchase)}[which] for which in order))

    for grant in grants(access, purchase):
        assert [type(e) for e in access.events.get(grant.id)] == [Grant.Issued, Grant.Revoked]
    source = access.repository.get(Source.create_id(purchase.order_id))
    assert source.withdrawn_for == "refund"


class Forgetful(Access):
    """The protection switched off: a withdrawal of what is unknown leaves no mark."""

    def withdraw_source(self, source_id, cause, version=1) -> None:
        if self._find_source(source_id) is not None:
            super().withdraw_source(source_id, cause, version)


def test_without_the_mark_of_a_withdrawal_a_late_purchase_would_open_the_door() -> None:
    access = Forgetful(clock=FixedClock(NOON), schedule=MemorySchedule())
    purchase = a_purchase()

    hear(access, a_refund(purchase), purchase)

    assert all(g.is_active for g in grants(access, purchase))


# A refund that the bank did not take


def tell(access: Access, *told: tuple[object, int]) -> None:
    """What the checkout announced, each with the version of the order that it was."""
    for message, version in told:
        SUBSCRIPTIONS[type(message)](message, about(message, message.order_id, version), access)


def doors(access: Access, purchase: object) -> list[tuple[object, bool]]:
    """Every grant that was ever given for the order: the experience, and whether it stands."""
    source = access.repository.get(Source.create_id(purchase.order_id))
    given = [access.repository.get(grant_id) for grant_id in source.grant_ids]
    return [(grant.experience_id, grant.is_active) for grant in given]


def stands(access: Access, purchase: object) -> list[object]:
    return sorted(experience for experience, active in doors(access, purchase) if active)


def test_a_refund_that_failed_opens_the_doors_again_by_grants_of_their_own() -> None:
    clock, schedule = FixedClock(NOON), MemorySchedule()
    access = an_access(clock, schedule)
    purchase = a_purchase(uuid4(), uuid4(), access_until=NOON + 2 * HOUR)
    tell(access, (purchase, 4), (a_refund(purchase), 5))
    clock.advance(HOUR)

    tell(access, (a_failed_refund(purchase), 6), (a_failed_refund(purchase), 6))

    assert stands(access, purchase) == sorted(purchase.experience_ids)
    assert len(doors(access, purchase)) == 4
    source = access.repository.get(Source.create_id(purchase.order_id))
    again = [access.repository.get(grant_id) for grant_id in source.grant_ids[2:]]
    assert {(g.valid_from, g.valid_until, g.reason) for g in again} == {
        (NOON + HOUR, NOON + 2 * HOUR, "purchase")
    }
    assert purchase.order_id not in {g.source_id for g in again}
    assert sorted(e.key for e in schedule.entries) == sorted(str(g.id) for g in again)


def test_a_part_of_a_refund_that_failed_changes_nothing() -> None:
    access = an_access()
    purchase = a_purchase()
    tell(access, (purchase, 4), (a_refund(purchase), 5))

    tell(access, (a_failed_refund(purchase, stands_again=False), 6))

    assert stands(access, purchase) == []


def test_what_the_team_took_back_is_not_given_again() -> None:
    access = an_access()
    purchase = a_purchase(uuid4(), uuid4())
    tell(access, (purchase, 4))
    taken, other = purchase.experience_ids
    grant_id = Grant.create_id(purchase.order_id, taken)
    access.revoke_grant(grant_id, RevocationCause.CREATOR)

    tell(access, (a_refund(purchase), 5), (a_failed_refund(purchase), 6))

    assert stands(access, purchase) == [other]


def test_a_window_that_is_over_is_not_opened_again() -> None:
    clock = FixedClock(NOON)
    access = an_access(clock)
    purchase = a_purchase(uuid4(), access_until=NOON + HOUR)
    tell(access, (purchase, 4), (a_refund(purchase), 5))
    clock.advance(HOUR)

    tell(access, (a_failed_refund(purchase), 6))

    assert stands(access, purchase) == []


# An order that the checkout has lost


def lose(access: Access, purchase: object) -> None:
    """What an operator has access do."""
    standing = [grant.id for grant in grants(access, purchase) if grant.is_active]
    access.lose_source(purchase.order_id, standing)


def test_nobody_gets_in_by_a_lost_order_and_it_is_taken_back_once() -> None:
    clock, schedule = FixedClock(NOON), MemorySchedule()
    access = an_access(clock, schedule)
    purchase, other = (a_purchase(access_until=NOON + HOUR) for _ in range(2))
    tell(access, (purchase, 4), (other, 4))

    given = [grant.id for grant in grants(access, purchase)]
    for _ in range(2):
        access.lose_source(purchase.order_id, given)

    assert {g.revoked_for for g in grants(access, purchase)} == {RevocationCause.LOST}
    assert stands(access, other) == sorted(other.experience_ids)
    assert sorted(e.key for e in schedule.entries) == sorted(
        str(g.id) for g in grants(access, other)
    )
    assert access.recorder.max_notification_id() == 3 + 3 + 3


def test_a_lost_order_that_is_bought_again_opens_its_doors_again_once() -> None:
    """Its buyer asked again with the same key: the order is the same, in its new life."""
    access = an_access()
    purchase = a_purchase(uuid4(), uuid4())
    tell(access, (purchase, 6))
    access.revoke_grant(grants(access, purchase)[0].id, RevocationCause.CREATOR)
    lose(access, purchase)

    tell(access, (purchase, 4), (purchase, 4))
    again = stands(access, purchase)
    tell(access, (a_refund(purchase), 5))

    assert again == [purchase.experience_ids[1]]
    assert stands(access, purchase) == []


def test_what_was_refunded_and_given_again_before_the_loss_is_counted_from_the_beginning() -> None:
    access = an_access()
    purchase = a_purchase(uuid4())
    tell(access, (purchase, 4), (a_refund(purchase), 7), (a_failed_refund(purchase), 8))
    source = access.repository.get(Source.create_id(purchase.order_id))
    access.lose_source(purchase.order_id, source.grant_ids)
    lost = stands(access, purchase)

    tell(access, (purchase, 4))
    again = stands(access, purchase)
    tell(access, (a_refund(purchase), 5))

    assert (lost, again) == ([], [purchase.experience_ids[0]])
    assert stands(access, purchase) == []


STORY = "purchase", "refund", "failed", "refund again", "failed again"


@pytest.mark.parametrize("long", [3, 4, 5], ids=lambda long: STORY[long - 1])
def test_in_whatever_order_refunds_and_their_failures_come_the_last_of_the_order_holds(
    long: int,
) -> None:
    for told in permutations(range(long)):
        access = an_access()
        purchase = a_purchase(uuid4(), uuid4())
        refunded, failed = a_refund(purchase), a_failed_refund(purchase)
        story = [(m, v) for v, m in enumerate((purchase, refunded, failed, refunded, failed), 4)]

        tell(access, *(story[which] for which in told), *(story[which] for which in told))

        standing = stands(access, purchase)
        assert standing == ([] if long == 4 else sorted(purchase.experience_ids)), told


class Timeless(Access):
    """The protection switched off: what was heard last holds, not what was said last."""

    def withdraw_source(self, source_id, cause, version=1) -> None:
        source = self._find_source(source_id)
        last = max(source.withdrawn_version, source.restored_version) if source else 0
        super().withdraw_source(source_id, cause, last + version)


def test_without_the_versions_a_refund_that_comes_late_would_shut_the_door() -> None:
    access = Timeless(clock=FixedClock(NOON), schedule=MemorySchedule())
    purchase = a_purchase()

    tell(access, (purchase, 4), (a_failed_refund(purchase), 6), (a_refund(purchase), 5))

    assert stands(access, purchase) == []


def test_a_withdrawal_of_before_is_read_with_the_earliest_version() -> None:
    access = an_access()
    purchase = a_purchase()
    tell(access, (purchase, 4), (a_refund(purchase), 5))
    (*_, withdrawn) = access.events.get(Source.create_id(purchase.order_id))
    stored = access.mapper.to_stored_event(withdrawn)
    state = json.loads(stored.state)
    assert (state.pop("class_version"), state.pop("version")) == (2, 5)

    old = access.mapper.to_domain_event(replace(stored, state=json.dumps(state).encode()))

    assert old.version == 0
