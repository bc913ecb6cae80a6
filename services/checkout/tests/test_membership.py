"""What a membership decides by itself."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from libs.events import checkout as public
from services.checkout.memberships.membership import Membership
from services.checkout.memberships.states import LIVE, EndCause, MembershipState
from services.checkout.tests.builders import NOON, an_offer, events_of

LATER = NOON + timedelta(days=30)


def a_membership(until: datetime | None = None, experiences: int = 2) -> Membership:
    quote = an_offer(experience_ids=tuple(uuid4() for _ in range(experiences)))
    return Membership(
        order_id=uuid4(),
        person_id=uuid4(),
        quote=quote.to_state(),
        total_minor=1990,
        payment_intent_id="pi_1",
        access_from=NOON,
        access_until=until,
    )


def remove_all(membership: Membership) -> None:
    for experience_id in list(membership.experience_ids):
        membership.remove(experience_id, NOON)


def test_a_purchase_starts_one_membership_however_often_it_is_settled() -> None:
    order_id = uuid4()

    assert Membership.create_id(order_id) == Membership.create_id(order_id)
    assert Membership.create_id(order_id) != Membership.create_id(uuid4())


def test_full_refund_ends_a_membership_once_and_its_failure_restores_it() -> None:
    membership = a_membership()

    membership.refund(NOON)
    membership.refund(NOON)
    refunded = membership.is_live, membership.is_refunded
    membership.restore(NOON)
    membership.restore(NOON)

    assert refunded == (False, True)
    assert (membership.is_live, membership.is_refunded) == (True, False)
    assert events_of(membership) == ["Started", "Ended", "Restored"]


def test_membership_expires_when_its_window_closes() -> None:
    membership, for_ever = a_membership(LATER), a_membership()

    membership.expire(LATER - timedelta(seconds=1))
    before = membership.is_live
    for _ in range(2):
        membership.expire(LATER)
    for_ever.expire(LATER)

    assert (before, membership.is_live, for_ever.is_live) == (True, False, True)
    *_, ended = membership.collect_events()
    assert isinstance(ended, Membership.Ended)
    assert ended.cause == EndCause.EXPIRED
    assert membership.version == 2


def test_membership_ends_with_its_last_experience() -> None:
    membership = a_membership()
    first, second = membership.experience_ids

    membership.remove(first, NOON)
    membership.remove(first, NOON)
    membership.remove(uuid4(), NOON)
    in_between = membership.is_live
    membership.remove(second, NOON)

    assert (in_between, membership.is_live) == (True, False)
    assert events_of(membership) == ["Started", "ExperienceRemoved", "ExperienceRemoved", "Ended"]


@pytest.mark.parametrize(
    ("what", "at"),
    [("expired", LATER), ("removed", NOON), ("expires", LATER), ("is removed", NOON)],
    ids=["expired before", "removed before", "expired since", "removed since"],
)
def test_failed_refund_restores_no_membership_that_ended_otherwise(what: str, at: datetime) -> None:
    membership = a_membership(LATER)
    if what == "removed":
        remove_all(membership)
    elif what == "expired":
        membership.expire(LATER)

    membership.refund(at)
    if what == "is removed":
        remove_all(membership)
    membership.restore(at)

    assert membership.is_refunded
    assert events_of(membership)[-1] != "Restored"


def test_membership_without_a_removed_experience_is_restored() -> None:
    membership = a_membership()
    membership.remove(membership.experience_ids[0], NOON)
    membership.refund(NOON)

    membership.restore(NOON)

    assert membership.is_live


def test_a_pass_without_experiences_is_not_emptied() -> None:
    membership = a_membership(experiences=0)

    membership.remove(uuid4(), NOON)

    assert membership.is_live


def test_every_state_and_cause_is_one_that_the_others_know() -> None:
    assert {public.MembershipState(state) for state in LIVE} <= public.MAY_ENTER
    assert {public.MembershipState(state) for state in set(MembershipState) - LIVE}.isdisjoint(
        public.MAY_ENTER
    )
    assert {public.EndCause(cause) for cause in EndCause} == set(public.EndCause)


def test_membership_events_name_person_space_pass_and_experiences() -> None:
    membership = a_membership(LATER)
    membership.refund(NOON)
    membership.restore(NOON)
    remove_all(membership)

    _, *later = membership.collect_events()

    whose: set[tuple[UUID, UUID, UUID, tuple[UUID, ...]]] = {
        (each.person_id, each.space_id, each.pass_id, tuple(each.experience_ids))  # type: ignore[attr-defined]
        for each in later
    }
    assert whose == {
        (
            membership.person_id,
            membership.space_id,
            membership.pass_id,
            tuple(membership.experience_ids),
        )
    }
