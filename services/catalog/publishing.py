"""Which private events become public, and as which contracts; each of them is listed."""

from typing import Final

from libs.events.catalog import (
    CreatorFollowed,
    CreatorProfileOpened,
    CreatorUnfollowed,
    ExperienceAdded,
    PassArchived,
    PassPublished,
    SpaceCreated,
    SpacePublished,
    TeamMemberAdded,
    TeamMemberRemoved,
)
from libs.runtime.messaging.publishing import Publishing
from services.catalog.domain import AccessPass, CreatorProfile, Following, Space

to_contract: Final = Publishing()

to_contract.public(CreatorProfile.Opened, CreatorProfileOpened, id_as="profile_id")
to_contract.public(Following.Started, CreatorFollowed)
to_contract.public(Following.Resumed, CreatorFollowed)
to_contract.public(Following.Stopped, CreatorUnfollowed)

to_contract.public(Space.Opened, SpaceCreated, id_as="space_id")
to_contract.public(Space.Published, SpacePublished, id_as="space_id")
to_contract.public(Space.TeamMemberAdded, TeamMemberAdded, id_as="space_id")
to_contract.public(Space.TeamMemberRemoved, TeamMemberRemoved, id_as="space_id")
to_contract.public(Space.ExperienceAdded, ExperienceAdded, id_as="space_id")

to_contract.public(AccessPass.Published, PassPublished, id_as="pass_id")
to_contract.public(AccessPass.Archived, PassArchived, id_as="pass_id")

# Buyers see the names of the moment at which a pass was published.
to_contract.private(Space.DetailsChanged)
# Only the team sees drafts.
to_contract.private(AccessPass.Drafted, AccessPass.DraftChanged)
