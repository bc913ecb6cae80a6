from uuid import uuid4

import pytest

from services.catalog.application import Catalog
from services.catalog.domain import ExperienceKind, PassDraft, Role, SpaceDetails
from services.catalog.domain.refusals import (
    Invalid,
    NotOnTeam,
    PassNotFound,
    ProfileAlreadyOpened,
    ProfileNotFound,
    RoleTooSmall,
    SpaceNotFound,
)
from services.catalog.tests.builders import DETAILS, OWNER, STRANGER, a_catalog, some_terms

DRAFT = PassDraft("Season", "", (), some_terms())


def a_catalog_with_a_space(*, published: bool = True) -> Catalog:
    catalog = a_catalog()
    catalog.create_space(uuid4(), OWNER, "anna", DETAILS, "EUR")
    if published:
        catalog.publish_space("anna", OWNER)
    return catalog


def stored(catalog: Catalog) -> int:
    return catalog.notification_log.select(start=1, limit=10)[-1].id


def test_from_a_profile_to_a_pass_on_sale() -> None:
    catalog = a_catalog()
    experience_id = uuid4()

    catalog.open_profile(OWNER, "anna", "Anna", "I play.")
    catalog.create_space(uuid4(), OWNER, "anna", DETAILS, "EUR")
    catalog.add_experience(
        "anna", OWNER, experience_id, "concerts", "Concerts", ExperienceKind.LIVE
    )
    catalog.publish_space("anna", OWNER)
    drafted = catalog.draft_pass(
        "anna", OWNER, uuid4(), "season", PassDraft("Season", "", (experience_id,), some_terms())
    )
    published = catalog.publish_pass("anna", OWNER, "season", drafted.version)

    assert published == (drafted.id, 2)


def test_a_slug_belongs_to_the_first_who_took_it() -> None:
    catalog = a_catalog_with_a_space()
    before = stored(catalog)

    with pytest.raises(Invalid, match="slug: slug_taken"):
        catalog.create_space(uuid4(), STRANGER, "anna", DETAILS, "EUR")

    assert stored(catalog) == before


def test_passes_of_two_spaces_may_have_the_same_slug() -> None:
    catalog = a_catalog_with_a_space()
    catalog.create_space(uuid4(), STRANGER, "bert", DETAILS, "EUR")

    catalog.draft_pass("anna", OWNER, uuid4(), "season", DRAFT)
    catalog.draft_pass("bert", STRANGER, uuid4(), "season", DRAFT)

    with pytest.raises(Invalid, match="slug: slug_taken"):
        catalog.draft_pass("anna", OWNER, uuid4(), "season", DRAFT)


def test_a_person_opens_one_profile() -> None:
    catalog = a_catalog()
    catalog.open_profile(OWNER, "anna", "Anna", "")

    with pytest.raises(ProfileAlreadyOpened):
        catalog.open_profile(OWNER, "other_anna", "Anna", "")


def test_a_username_belongs_to_one_person() -> None:
    catalog = a_catalog()
    catalog.open_profile(OWNER, "anna", "Anna", "")

    with pytest.raises(Invalid, match="username: username_taken"):
        catalog.open_profile(STRANGER, "anna", "Anna too", "")


@pytest.mark.parametrize("username", ["an", "Anna", "1anna", "_anna", "an-na", "x" * 31, "änna"])
def test_a_username_of_another_shape_is_refused(username: str) -> None:
    with pytest.raises(Invalid, match="username: username_malformed"):
        a_catalog().open_profile(OWNER, username, "Anna", "")


def test_a_reserved_word_is_no_username() -> None:
    with pytest.raises(Invalid, match="username: username_reserved"):
        a_catalog().open_profile(OWNER, "sign_in", "Anna", "")


def test_the_names_and_the_text_of_a_profile_are_in_no_event() -> None:
    catalog = a_catalog()
    profile_id = catalog.open_profile(OWNER, "anna_music", "Anna Berg", "I play piano.").id
    catalog.change_profile(OWNER, "Anna B.", "I play the piano.")

    (event,) = catalog.events.get(profile_id)

    told = repr(vars(event))
    assert not any(word in told for word in ("anna_music", "Berg", "piano"))


def test_a_person_without_a_profile_has_nothing_to_change() -> None:
    with pytest.raises(ProfileNotFound):
        a_catalog().change_profile(OWNER, "Anna", "")


def test_redelivered_follow_makes_one_follower() -> None:
    catalog = a_catalog()
    catalog.open_profile(OWNER, "anna", "Anna", "")

    catalog.follow_creator("anna", STRANGER)
    after_one = stored(catalog)
    catalog.follow_creator("anna", STRANGER)

    assert stored(catalog) == after_one


def test_a_stranger_is_not_told_that_a_draft_exists() -> None:
    catalog = a_catalog_with_a_space(published=False)

    with pytest.raises(SpaceNotFound):
        catalog.publish_space("anna", STRANGER)
    with pytest.raises(SpaceNotFound):
        catalog.publish_space("nobody", STRANGER)


def test_a_stranger_changes_nothing_in_a_published_space() -> None:
    catalog = a_catalog_with_a_space()
    before = stored(catalog)

    with pytest.raises(NotOnTeam):
        catalog.change_space("anna", STRANGER, SpaceDetails("Mine", "", "UTC"), 2)
    with pytest.raises(NotOnTeam):
        catalog.draft_pass("anna", STRANGER, uuid4(), "season", DRAFT)

    assert stored(catalog) == before


def test_a_collaborator_adds_experiences_and_sells_nothing() -> None:
    catalog = a_catalog_with_a_space()
    catalog.add_to_team("anna", OWNER, STRANGER, Role.COLLABORATOR)

    catalog.add_experience("anna", STRANGER, uuid4(), "shows", "Shows", ExperienceKind.LIVE)

    with pytest.raises(RoleTooSmall):
        catalog.draft_pass("anna", STRANGER, uuid4(), "season", DRAFT)
    with pytest.raises(RoleTooSmall):
        catalog.publish_space("anna", STRANGER)


def test_a_creator_joins_a_team_by_their_username() -> None:
    catalog = a_catalog_with_a_space()
    catalog.open_profile(STRANGER, "bert", "Bert", "")

    catalog.add_creator_to_team("anna", OWNER, "bert", Role.ADMIN)

    catalog.publish_space("anna", STRANGER)
    with pytest.raises(Invalid, match="username: username_unknown"):
        catalog.add_creator_to_team("anna", OWNER, "nobody", Role.ADMIN)


def test_there_is_no_pass_of_an_unknown_name() -> None:
    with pytest.raises(PassNotFound):
        a_catalog_with_a_space().archive_pass("anna", OWNER, "season")
