from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.events.catalog import SpaceCreated, TeamMemberAdded, TeamMemberRemoved
from libs.events.checkout import EndCause, MembershipState
from libs.events.identity import PersonRegistered
from services.chat import reactions
from services.chat.application import INTRODUCE, OPEN_CHANNEL
from services.chat.tests.builders import (
    InMemory,
    about,
    ban_lifted,
    changed,
    ended,
    experience_added,
    grant_expired,
    grant_issued,
    grant_revoked,
    person_banned,
    purchased,
)


def hear(one: InMemory, message: Any, version: int = 1, entity: UUID | None = None) -> None:
    """What another service says, in that version of its entity."""
    react = reactions.SUBSCRIPTIONS[type(message)]
    react(message, about(entity, version), one.chat)


def test_a_buyer_is_wanted_in_each_channel_of_the_pass() -> None:
    one, purchase = InMemory(), purchased(experience_ids=(uuid4(), uuid4()))

    hear(one, purchase)

    assert len(one.requests()) == 2


def test_a_redelivered_purchase_and_its_grant_ask_to_join_once() -> None:
    one, purchase = InMemory(), purchased()

    hear(one, purchase)
    hear(one, purchase)
    stored = one.chat.recorder.max_notification_id()
    hear(one, grant_issued(purchase))

    assert len(one.requests()) == 1
    assert one.chat.recorder.max_notification_id() == stored


@pytest.mark.parametrize("cause", list(EndCause))
def test_an_ended_membership_lets_nobody_in(cause: EndCause) -> None:
    one, purchase = InMemory(), purchased()
    hear(one, purchase)

    hear(one, ended(purchase, cause), 2)

    assert one.wanted(purchase.person_id, purchase.experience_ids[0]) is None


@pytest.mark.parametrize("state", list(MembershipState))
def test_a_changed_membership_lets_in_as_its_state_says(state: MembershipState) -> None:
    one, purchase = InMemory(), purchased()
    hear(one, purchase)

    hear(one, changed(purchase, state), 2)

    shut = {MembershipState.SUSPENDED, MembershipState.ENDED, MembershipState.REFUNDED}
    wanted = one.wanted(purchase.person_id, purchase.experience_ids[0])
    assert wanted == (None if state in shut else "member")


def test_an_expired_grant_lets_nobody_in() -> None:
    one, purchase = InMemory(), purchased()
    hear(one, grant_issued(purchase))

    hear(one, grant_expired(purchase, 1), 2)

    assert one.wanted(purchase.person_id, purchase.experience_ids[0]) is None


P = purchased()
REFUNDED = [(P, 1), (grant_issued(P), 1), (ended(P), 2), (grant_revoked(P, 2, "refund"), 2)]
RESTORED = [*REFUNDED, (changed(P), 3), (grant_issued(P, 3), 3)]
REMOVED = [*RESTORED, (grant_revoked(P, 3, "abuse"), 4), (ended(P, EndCause.REMOVED), 4)]
EXPIRED = [
    (P, 1),
    (grant_issued(P), 1),
    (grant_expired(P, 1), 2),
    (ended(P, EndCause.EXPIRED), 2),
]


@settings(max_examples=100, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize(
    ("story", "wanted"),
    [(REFUNDED, None), (RESTORED, "member"), (REMOVED, None), (EXPIRED, None)],
    ids=["refunded", "restored", "removed", "expired"],
)
def test_what_checkout_and_access_say_ends_the_same_in_every_order_of_arrival(
    story: list[tuple[Any, int]], wanted: str | None, data: st.DataObject
) -> None:
    one = InMemory()

    for message, version in data.draw(st.permutations(story * 2)):
        hear(one, message, version)

    assert one.wanted(P.person_id, P.experience_ids[0]) == wanted


@pytest.mark.parametrize("bought_again", [0, 1, 2])
def test_a_lost_order_that_is_bought_again_lets_in_again(bought_again: int) -> None:
    """Access says in this order that it was lost and that its grant is issued again."""
    one, wanted = InMemory(), []
    for message, version in RESTORED:
        hear(one, message, version)
    said: list[tuple[Any, int]] = [(grant_revoked(P, 0, "lost"), 4), (grant_issued(P, 1), 5)]
    said.insert(bought_again, (P, 1))

    for message, version in said:
        hear(one, message, version)
        wanted.append(one.wanted(P.person_id, P.experience_ids[0]))

    assert None in wanted
    assert wanted[-1] == "member"


def test_a_banned_buyer_leaves_and_a_redelivered_ban_asks_once() -> None:
    one, space = InMemory(), uuid4()
    added = experience_added(space)
    purchase = purchased(space_id=space, experience_ids=(added.experience_id,))
    hear(one, added)
    hear(one, purchase)

    for _ in range(2):
        hear(one, person_banned(space, purchase.person_id), 2)

    member = one.member(purchase.person_id, added.experience_id)
    assert (member.wanted_role, member.request) == (None, 2)
    assert one.requests() == [f"{member.id}/1", f"{member.id}/2"]


def test_who_was_banned_first_is_kept_out_after_a_purchase_and_its_grant() -> None:
    one, space, person = InMemory(), uuid4(), uuid4()
    added = experience_added(space)
    purchase = purchased(person_id=person, space_id=space, experience_ids=(added.experience_id,))
    hear(one, person_banned(space, person), 2)

    hear(one, added)
    hear(one, purchase)
    hear(one, grant_issued(purchase))

    assert one.wanted(person, added.experience_id) is None
    assert one.requests() == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("again", [False, True])
def test_bans_end_in_the_same_state_in_every_order_of_arrival(
    order: tuple[int, ...], *, again: bool
) -> None:
    one, space, person = InMemory(), uuid4(), uuid4()
    added = experience_added(space)
    purchase = purchased(person_id=person, experience_ids=(added.experience_id,))
    hear(one, added)
    banned, lifted = person_banned(space, person), ban_lifted(space, person)
    said = [(grant_issued(purchase), 1), (banned, 2), (lifted, 3)]

    for number in order:
        hear(one, *said[number])
    if again:
        hear(one, banned, 4)

    assert one.wanted(person, added.experience_id) == (None if again else "member")


def test_the_owner_and_the_team_join_a_new_channel() -> None:
    one, space, owner, helper = InMemory(), uuid4(), uuid4(), uuid4()
    created = SpaceCreated(
        space_id=space, owner_id=owner, slug="c", name="C", currency="EUR", time_zone="UTC"
    )
    added = experience_added(space)

    hear(one, created, 1)
    hear(one, TeamMemberAdded(space_id=space, person_id=helper, role="moderator"), 2)
    hear(one, added)
    hear(one, TeamMemberRemoved(space_id=space, person_id=helper), 3)

    assert one.wanted(owner, added.experience_id) == "moderator"
    assert one.wanted(helper, added.experience_id) is None
    assert [e.kind for e in one.schedule.entries].count(OPEN_CHANNEL) == 1


def test_the_provider_learns_of_a_person_at_registration() -> None:
    one, person = InMemory(), uuid4()

    hear(one, PersonRegistered(person_id=person))

    [entry] = one.schedule.entries
    assert (entry.kind, entry.payload) == (INTRODUCE, {"person_id": str(person)})


@pytest.mark.parametrize(
    ("role", "wanted"),
    [
        ("admin", "moderator"),
        ("moderator", "moderator"),
        ("collaborator", "member"),
        ("support", "member"),
        ("analyst", None),
    ],
)
def test_each_role_of_the_team_has_its_role_in_the_channels(role: str, wanted: str | None) -> None:
    one, space, person = InMemory(), uuid4(), uuid4()
    added = experience_added(space)
    hear(one, added)
    hear(one, TeamMemberAdded(space_id=space, person_id=person, role="moderator"), 3)

    for _ in range(2):
        hear(one, TeamMemberAdded(space_id=space, person_id=person, role=role), 4)

    assert one.wanted(person, added.experience_id) == wanted
