from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.permissions import Permission, may
from services.catalog.domain import (
    AccessPass,
    CreatorProfile,
    ExperienceKind,
    Following,
    Role,
    Space,
    SpaceDetails,
)
from services.catalog.domain.names import RESERVED
from services.catalog.domain.refusals import (
    ChangedMeanwhile,
    Invalid,
    NotOnTeam,
    OwnerStays,
    OwnProfile,
    PassArchived,
    PassNotPublished,
    PassNotReady,
    RoleTooSmall,
)
from services.catalog.domain.terms import BillingPeriod, PricingType
from services.catalog.tests.builders import (
    DETAILS,
    NOW,
    OWNER,
    STRANGER,
    a_draft,
    a_pass,
    a_space,
    kinds,
    some_terms,
)


def codes(refused: pytest.ExceptionInfo[Invalid]) -> set[tuple[str, str]]:
    return {(each.field, each.code) for each in refused.value.errors}


@pytest.mark.parametrize("slug", ["abc", "a-b", "a1-2b", "x" * 40])
def test_a_space_can_be_called_by_a_proper_slug(slug: str) -> None:
    space = Space.open(uuid4(), OWNER, slug, DETAILS, "EUR")

    assert space.slug == slug
    assert space.role_of(OWNER) is Role.OWNER
    assert not space.published


@pytest.mark.parametrize(
    "slug",
    ["", "ab", "x" * 41, "-abc", "abc-", "Anna", "an na", "@anna", "ännä", "a/b", "abc\n"],
)
def test_a_slug_of_another_shape_is_refused(slug: str) -> None:
    with pytest.raises(Invalid) as refused:
        Space.open(uuid4(), OWNER, slug, DETAILS, "EUR")

    assert codes(refused) == {("slug", "slug_malformed")}


@pytest.mark.parametrize(
    "slug",
    [
        "account",
        "admin",
        "api",
        "sign-in",
        "sign-out",
        "webhooks",
        "static",
        "health",
        "unsubscribe",
        "mailbox",
    ],
)
def test_the_words_of_our_own_addresses_are_no_slugs(slug: str) -> None:
    with pytest.raises(Invalid) as refused:
        Space.open(uuid4(), OWNER, slug, DETAILS, "EUR")

    assert slug in RESERVED
    assert codes(refused) == {("slug", "slug_reserved")}


def test_all_errors_of_a_space_are_reported_at_once() -> None:
    details = SpaceDetails("  ", "x" * 4001, "Europe/Nowhere")

    with pytest.raises(Invalid) as refused:
        Space.open(uuid4(), OWNER, "admin", details, "XXX")

    assert codes(refused) == {
        ("slug", "slug_reserved"),
        ("name", "text_missing"),
        ("description", "text_too_long"),
        ("time_zone", "time_zone_unknown"),
        ("currency", "currency_unknown"),
    }


@pytest.mark.parametrize("zone", ["", "/etc/passwd", "../../etc/passwd", "Europe", "a\0b"])
def test_unknown_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(Invalid) as refused:
        Space.open(uuid4(), OWNER, "anna", SpaceDetails("Anna", "", zone), "EUR")

    assert codes(refused) == {("time_zone", "time_zone_unknown")}


def test_repeated_publishing_publishes_a_space_once() -> None:
    space = a_space(published=False)

    space.publish()
    space.publish()

    assert kinds(space) == [Space.Published]


def test_two_editors_of_a_space_do_not_overwrite_each_other() -> None:
    space = a_space()
    seen_by_both = space.version
    space.change_details(SpaceDetails("First", "", "UTC"), seen_by_both)

    with pytest.raises(ChangedMeanwhile):
        space.change_details(SpaceDetails("Second", "", "UTC"), seen_by_both)

    assert space.name == "First"


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
def test_each_role_reaches_as_far_as_the_table_says(role: Role, permission: Permission) -> None:
    space = a_space()
    space.add_to_team(STRANGER, role)

    if may(role, permission):
        space.require(STRANGER, permission)
    else:
        with pytest.raises(RoleTooSmall):
            space.require(STRANGER, permission)


def test_a_stranger_has_no_role() -> None:
    with pytest.raises(NotOnTeam):
        a_space().require(STRANGER, Permission.EDIT_SPACE)


def test_the_owner_stays_and_nobody_else_becomes_it() -> None:
    space = a_space()

    with pytest.raises(OwnerStays):
        space.add_to_team(OWNER, Role.ANALYST)
    with pytest.raises(OwnerStays):
        space.remove_from_team(OWNER)
    with pytest.raises(OwnerStays):
        space.add_to_team(STRANGER, Role.OWNER)

    assert kinds(space) == []


def test_someone_joins_the_team_changes_role_and_leaves() -> None:
    space = a_space()

    space.add_to_team(STRANGER, Role.SUPPORT)
    space.add_to_team(STRANGER, Role.SUPPORT)
    space.add_to_team(STRANGER, Role.ADMIN)
    space.remove_from_team(STRANGER)
    space.remove_from_team(STRANGER)

    assert kinds(space) == [
        Space.TeamMemberAdded,
        Space.TeamMemberAdded,
        Space.TeamMemberRemoved,
    ]


def test_two_experiences_of_a_space_have_different_slugs() -> None:
    space = a_space()

    with pytest.raises(Invalid) as refused:
        space.add_experience(uuid4(), "concerts", "Again", ExperienceKind.CHAT)

    assert codes(refused) == {("slug", "slug_taken")}


def test_a_pass_opens_experiences_of_its_own_space_alone() -> None:
    space = a_space()

    with pytest.raises(Invalid) as refused:
        a_pass(space, experience_ids=(uuid4(),))

    assert codes(refused) == {("experience_ids", "experience_unknown")}


def test_a_pass_opens_each_experience_once() -> None:
    space = a_space()
    twice = (UUID(next(iter(space.experiences))),) * 2

    with pytest.raises(Invalid) as refused:
        a_pass(space, experience_ids=twice)

    assert codes(refused) == {("experience_ids", "experience_twice")}


def test_publishing_freezes_the_draft_as_the_next_version() -> None:
    space = a_space()
    access_pass = a_pass(space)

    access_pass.publish(space, None, NOW)
    access_pass.change_draft(
        space, a_draft(space, terms=some_terms(price_minor=2990)), access_pass.version
    )
    access_pass.publish(space, None, NOW)

    first, _, second = access_pass.collect_events()
    assert isinstance(first, AccessPass.Published)
    assert isinstance(second, AccessPass.Published)
    assert (first.version_number, first.terms["price_minor"]) == (1, 1990)
    assert (second.version_number, second.terms["price_minor"]) == (2, 2990)
    assert first.version_id != second.version_id
    assert first.space_slug == "anna"


def test_publishing_an_unchanged_pass_makes_no_version() -> None:
    space = a_space()
    access_pass = a_pass(space)

    access_pass.publish(space, access_pass.version, NOW)
    access_pass.publish(space, 1, NOW)

    assert kinds(access_pass) == [AccessPass.Published]


def test_a_change_to_the_same_is_no_change() -> None:
    space = a_space()
    access_pass = a_pass(space)

    access_pass.change_draft(space, a_draft(space), access_pass.version)

    assert kinds(access_pass) == []


def test_two_editors_of_a_pass_do_not_overwrite_each_other() -> None:
    space = a_space()
    access_pass = a_pass(space)
    seen_by_both = access_pass.version
    access_pass.change_draft(space, a_draft(space, name="First"), seen_by_both)

    with pytest.raises(ChangedMeanwhile):
        access_pass.change_draft(space, a_draft(space, name="Second"), seen_by_both)
    with pytest.raises(ChangedMeanwhile):
        access_pass.publish(space, seen_by_both, NOW)

    assert access_pass.name == "First"


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({"experience_ids": ()}, ("no_experience",)),
        ({"terms": some_terms(sale_ends_at=NOW)}, ("sale_already_over",)),
        ({"terms": some_terms(auto_expire_at=NOW - timedelta(days=1))}, ("already_expired",)),
        (
            {
                "terms": some_terms(
                    pricing_type=PricingType.RECURRING, billing_period=BillingPeriod.MONTHLY
                )
            },
            ("recurring_not_yet",),
        ),
        ({"terms": some_terms(waitlist=True)}, ("waitlist_not_yet",)),
        (
            {"terms": some_terms(split_payments=True, max_split_payments=2)},
            ("split_payments_not_yet",),
        ),
    ],
)
def test_a_pass_is_not_published_before_its_checklist_is_done(
    changed: dict[str, Any], missing: tuple[str, ...]
) -> None:
    space = a_space()
    access_pass = a_pass(space, **changed)

    with pytest.raises(PassNotReady) as refused:
        access_pass.publish(space, None, NOW)

    assert refused.value.missing == missing == access_pass.missing(space, NOW)
    assert kinds(access_pass) == []


def test_a_pass_of_an_unpublished_space_is_not_published() -> None:
    space = a_space(published=False)
    access_pass = a_pass(space)

    with pytest.raises(PassNotReady) as refused:
        access_pass.publish(space, None, NOW)

    assert refused.value.missing == ("space_unpublished",)


def test_an_archived_pass_stays_as_it_is() -> None:
    space = a_space()
    access_pass = a_pass(space)
    access_pass.publish(space, None, NOW)
    access_pass.archive(NOW)
    access_pass.archive(NOW)

    with pytest.raises(PassArchived):
        access_pass.publish(space, None, NOW)
    with pytest.raises(PassArchived):
        access_pass.change_draft(space, a_draft(space), access_pass.version)

    assert kinds(access_pass) == [AccessPass.Published, AccessPass.Archived]


def test_unpublished_pass_cannot_be_archived() -> None:
    with pytest.raises(PassNotPublished):
        a_pass(a_space()).archive(NOW)


def test_a_person_follows_stops_and_follows_again() -> None:
    profile = CreatorProfile(person_id=OWNER)
    following = Following.start(profile, STRANGER)

    following.resume()
    following.stop()
    following.stop()
    following.resume()

    assert kinds(following) == [Following.Started, Following.Stopped, Following.Resumed]


def test_nobody_follows_themselves() -> None:
    with pytest.raises(OwnProfile):
        Following.start(CreatorProfile(person_id=OWNER), OWNER)
