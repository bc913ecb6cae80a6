from itertools import permutations
from uuid import uuid4

import pytest

from libs.events.catalog import PricingType
from libs.runtime.clock import FixedClock
from libs.runtime.schedule import MemorySchedule
from services.access.application import Access
from services.access.domain import Grant, Source
from services.access.reactions import on_pass_purchased, on_purchase_refunded
from services.access.tests.builders import HOUR, NOON, a_purchase, a_refund, about, an_access


def hear(access: Access, *messages: object) -> None:
    for message in messages:
        react = on_pass_purchased if hasattr(message, "pass_slug") else on_purchase_refunded
        react(message, about(message), access)


def grants(access: Access, purchase: object) -> list[Grant]:
    ids = [Grant.create_id(purchase.order_id, e) for e in purchase.experience_ids]
    return [access.repository.get(grant_id) for grant_id in ids]


def test_a_purchase_becomes_a_grant_for_each_experience_of_the_pass() -> None:
    access = an_access()
    purchase = a_purchase(uuid4(), uuid4(), granted_until=NOON + HOUR)

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
    purchase = a_purchase(uuid4(), uuid4(), granted_until=NOON + HOUR)

    hear(access, *({"P": purchase, "R": a_refund(purchase)}[which] for which in order))

    for grant in grants(access, purchase):
        assert [type(e) for e in access.events.get(grant.id)] == [Grant.Issued, Grant.Revoked]
    source = access.repository.get(Source.create_id(purchase.order_id))
    assert source.withdrawn_for == "refund"


class Forgetful(Access):
    """The protection switched off: a withdrawal of what is unknown leaves no mark."""

    def withdraw_source(self, source_id, cause) -> None:
        if self._find_source(source_id) is not None:
            super().withdraw_source(source_id, cause)


def test_without_the_mark_of_a_withdrawal_a_late_purchase_would_open_the_door() -> None:
    access = Forgetful(clock=FixedClock(NOON), schedule=MemorySchedule())
    purchase = a_purchase()

    hear(access, a_refund(purchase), purchase)

    assert all(g.is_active for g in grants(access, purchase))
