from itertools import permutations
from uuid import uuid4

import pytest

from libs.events.catalog import SpaceCreated, TeamMemberAdded, TeamMemberRemoved
from libs.events.identity import PersonRegistered
from services.chat import reactions
from services.chat.application import INTRODUCE, OPEN_CHANNEL
from services.chat.tests.builders import (
    Desk,
    about,
    ban_lifted,
    experience_added,
    grant_expired,
    grant_issued,
    grant_revoked,
    person_banned,
    purchased,
    refunded,
)


def test_a_purchase_asks_for_a_seat_in_each_channel_of_the_pass() -> None:
    desk, purchase = Desk(), purchased(experience_ids=(uuid4(), uuid4()))

    reactions.on_pass_purchased(purchase, about(), desk.chat)

    assert len(desk.seats_asked_for()) == 2


def test_told_twice_of_one_purchase_and_then_of_its_grant_we_ask_once() -> None:
    desk, purchase = Desk(), purchased()
    issued = grant_issued(purchase.order_id, purchase.person_id, purchase.experience_ids[0])

    reactions.on_pass_purchased(purchase, about(), desk.chat)
    reactions.on_pass_purchased(purchase, about(), desk.chat)
    reactions.on_grant_issued(issued, about(), desk.chat)

    assert len(desk.seats_asked_for()) == 1


@pytest.mark.parametrize("refund_first", [True, False])
def test_a_full_refund_takes_the_seat_whichever_is_told_first(*, refund_first: bool) -> None:
    desk, purchase = Desk(), purchased()
    told = [
        lambda: reactions.on_pass_purchased(purchase, about(), desk.chat),
        lambda: reactions.on_purchase_refunded(refunded(purchase), about(), desk.chat),
    ]

    for tell in reversed(told) if refund_first else told:
        tell()
    reactions.on_grant_revoked(
        grant_revoked(purchase.order_id, purchase.person_id, purchase.experience_ids[0]),
        about(),
        desk.chat,
    )

    assert desk.membership(purchase.person_id, purchase.experience_ids[0]).wish is None


def test_a_grant_of_its_own_seats_again_whose_purchase_was_refunded() -> None:
    """As access gives it when the refund did not arrive."""
    desk, purchase = Desk(), purchased()
    (channel,) = purchase.experience_ids[:1]
    reactions.on_pass_purchased(purchase, about(), desk.chat)
    reactions.on_purchase_refunded(refunded(purchase), about(), desk.chat)

    reactions.on_grant_issued(
        grant_issued(uuid4(), purchase.person_id, channel), about(), desk.chat
    )

    assert desk.membership(purchase.person_id, channel).wish == "member"


def test_a_partial_refund_changes_nothing() -> None:
    desk, purchase = Desk(), purchased()
    reactions.on_pass_purchased(purchase, about(), desk.chat)

    reactions.on_purchase_refunded(refunded(purchase, full=False), about(), desk.chat)

    assert desk.membership(purchase.person_id, purchase.experience_ids[0]).wish == "member"


def test_an_expired_grant_takes_the_seat() -> None:
    desk, source, person, experience = Desk(), uuid4(), uuid4(), uuid4()
    reactions.on_grant_issued(grant_issued(source, person, experience), about(), desk.chat)

    reactions.on_grant_expired(grant_expired(source, person, experience), about(), desk.chat)

    assert desk.membership(person, experience).wish is None


def test_a_banned_buyer_leaves_and_told_twice_we_ask_once() -> None:
    desk, space = Desk(), uuid4()
    added = experience_added(space)
    purchase = purchased(space_id=space, experience_ids=(added.experience_id,))
    banned = person_banned(space, purchase.person_id)
    reactions.on_experience_added(added, about(), desk.chat)
    reactions.on_pass_purchased(purchase, about(), desk.chat)

    for _ in range(2):
        reactions.on_person_banned(banned, about(version=2), desk.chat)

    seat = desk.membership(purchase.person_id, added.experience_id)
    assert (seat.wish, seat.request) == (None, 2)
    assert desk.seats_asked_for() == [f"{seat.id}/1", f"{seat.id}/2"]


def test_who_was_banned_first_gets_no_seat_by_a_purchase_and_grant_that_come_later() -> None:
    desk, space, person = Desk(), uuid4(), uuid4()
    added = experience_added(space)
    purchase = purchased(person_id=person, space_id=space, experience_ids=(added.experience_id,))
    reactions.on_person_banned(person_banned(space, person), about(version=2), desk.chat)

    reactions.on_experience_added(added, about(), desk.chat)
    reactions.on_pass_purchased(purchase, about(), desk.chat)
    issued = grant_issued(purchase.order_id, person, added.experience_id)
    reactions.on_grant_issued(issued, about(), desk.chat)

    assert desk.membership(person, added.experience_id).wish is None
    assert desk.seats_asked_for() == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("again", [False, True])
def test_the_words_about_a_ban_end_in_the_same_state_in_any_order(
    order: tuple[int, ...], *, again: bool
) -> None:
    desk, space, person = Desk(), uuid4(), uuid4()
    added = experience_added(space)
    reactions.on_experience_added(added, about(), desk.chat)
    issued = grant_issued(uuid4(), person, added.experience_id)
    banned, lifted = person_banned(space, person), ban_lifted(space, person)
    last = reactions.on_person_banned if again else reactions.on_ban_lifted
    told = [
        lambda: reactions.on_grant_issued(issued, about(), desk.chat),
        lambda: reactions.on_person_banned(banned, about(version=2), desk.chat),
        lambda: reactions.on_ban_lifted(lifted, about(version=3), desk.chat),
    ]

    for each in order:
        told[each]()
    last(banned if again else lifted, about(version=4 if again else 3), desk.chat)

    assert desk.membership(person, added.experience_id).wish == (None if again else "member")


def test_the_owner_and_the_team_are_seated_in_a_new_channel() -> None:
    desk, space, owner, helper = Desk(), uuid4(), uuid4(), uuid4()
    created = SpaceCreated(
        space_id=space, owner_id=owner, slug="c", name="C", currency="EUR", time_zone="UTC"
    )
    added = experience_added(space)

    reactions.on_space_created(created, about(), desk.chat)
    reactions.on_team_member_added(
        TeamMemberAdded(space_id=space, person_id=helper, role="moderator"), about(), desk.chat
    )
    reactions.on_experience_added(added, about(), desk.chat)
    reactions.on_team_member_removed(
        TeamMemberRemoved(space_id=space, person_id=helper), about(version=2), desk.chat
    )

    assert desk.membership(owner, added.experience_id).wish == "moderator"
    assert desk.membership(helper, added.experience_id).wish is None
    assert [e.kind for e in desk.schedule.entries].count(OPEN_CHANNEL) == 1


def test_the_provider_learns_of_a_person_at_registration() -> None:
    desk, person = Desk(), uuid4()

    reactions.on_person_registered(PersonRegistered(person_id=person), about(), desk.chat)

    [entry] = desk.schedule.entries
    assert (entry.kind, entry.payload) == (INTRODUCE, {"person_id": str(person)})


@pytest.mark.parametrize(
    ("role", "seat"),
    [
        ("admin", "moderator"),
        ("moderator", "moderator"),
        ("collaborator", "member"),
        ("support", "member"),
        ("analyst", None),
    ],
)
def test_each_role_of_the_team_has_its_seat(role: str, seat: str | None) -> None:
    desk, space, person = Desk(), uuid4(), uuid4()
    added = experience_added(space)
    reactions.on_experience_added(added, about(space, 2), desk.chat)
    joined = TeamMemberAdded(space_id=space, person_id=person, role="moderator")
    reactions.on_team_member_added(joined, about(space, 3), desk.chat)

    changed = TeamMemberAdded(space_id=space, person_id=person, role=role)
    for _ in range(2):
        reactions.on_team_member_added(changed, about(space, 4), desk.chat)

    assert desk.membership(person, added.experience_id).wish == seat
