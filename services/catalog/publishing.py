"""Which events of the catalog become public, and in what shape.

Every domain event is listed here: translated, or kept private by returning None.
"""

from functools import singledispatch

from libs.events.catalog import (
    CreatorFollowed,
    CreatorProfileOpened,
    CreatorUnfollowed,
    ExperienceAdded,
    ExperienceKind,
    PassArchived,
    PassPublished,
    PassTerms,
    SpaceCreated,
    SpacePublished,
    TeamMemberAdded,
    TeamMemberRemoved,
)
from libs.events.contract import Contract
from services.catalog.domain import AccessPass, CreatorProfile, Following, Space


@singledispatch
def to_contract(event: object) -> Contract | None:
    """Translate one domain event into its public contract, or None."""
    raise NotImplementedError(f"{type(event).__qualname__}: public or private?")


@to_contract.register
def _(event: CreatorProfile.Opened) -> Contract:
    return CreatorProfileOpened(profile_id=event.originator_id, person_id=event.person_id)


@to_contract.register(Following.Started)
@to_contract.register(Following.Resumed)
def _(event: Following.Started | Following.Resumed) -> Contract:
    return CreatorFollowed(profile_id=event.profile_id, person_id=event.person_id)


@to_contract.register
def _(event: Following.Stopped) -> Contract:
    return CreatorUnfollowed(profile_id=event.profile_id, person_id=event.person_id)


@to_contract.register
def _(event: Space.Opened) -> Contract:
    return SpaceCreated(
        space_id=event.originator_id,
        owner_id=event.owner_id,
        slug=event.slug,
        name=event.name,
        currency=event.currency,
        time_zone=event.time_zone,
    )


@to_contract.register
def _(event: Space.DetailsChanged) -> None:
    """Buyers see the names of the moment at which a pass was published."""


@to_contract.register
def _(event: Space.Published) -> Contract:
    return SpacePublished(space_id=event.originator_id, slug=event.slug, name=event.name)


@to_contract.register
def _(event: Space.TeamMemberAdded) -> Contract:
    return TeamMemberAdded(space_id=event.originator_id, person_id=event.person_id, role=event.role)


@to_contract.register
def _(event: Space.TeamMemberRemoved) -> Contract:
    return TeamMemberRemoved(space_id=event.originator_id, person_id=event.person_id)


@to_contract.register
def _(event: Space.ExperienceAdded) -> Contract:
    return ExperienceAdded(
        experience_id=event.experience_id,
        space_id=event.originator_id,
        slug=event.slug,
        name=event.name,
        kind=ExperienceKind(event.kind),
    )


@to_contract.register
def _(event: AccessPass.Drafted) -> None:
    """Only the team sees drafts."""


@to_contract.register
def _(event: AccessPass.DraftChanged) -> None:
    """Only the team sees drafts."""


@to_contract.register
def _(event: AccessPass.Published) -> Contract:
    return PassPublished(
        pass_id=event.originator_id,
        version_id=event.version_id,
        version_number=event.version_number,
        space_id=event.space_id,
        space_slug=event.space_slug,
        space_name=event.space_name,
        slug=event.slug,
        name=event.name,
        experience_ids=tuple(event.experience_ids),
        terms=PassTerms.model_validate(event.terms),
    )


@to_contract.register
def _(event: AccessPass.Archived) -> Contract:
    return PassArchived(pass_id=event.originator_id, space_id=event.space_id)
