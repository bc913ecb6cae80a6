"""Use cases of the catalog: load, decide, save."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, NamedTuple, Protocol
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate

from libs.permissions import Permission
from services.catalog.domain import (
    AccessPass,
    CreatorProfile,
    ExperienceKind,
    Following,
    PassDraft,
    Role,
    Space,
    SpaceDetails,
)
from services.catalog.domain.names import check_profile, check_username
from services.catalog.domain.refusals import (
    Banned,
    FieldError,
    Invalid,
    NotOnTeam,
    PassNotFound,
    ProfileAlreadyOpened,
    ProfileNotFound,
    SpaceNotFound,
)


class Clock(Protocol):
    """A source of the present time."""

    def now(self) -> datetime: ...


class Names(Protocol):
    """Names and their holders. The first to claim a name holds it for good."""

    def claim(self, scope: str, name: str, holder: UUID) -> bool:
        """Claim a free name in a scope; returns False if another holds it."""
        ...

    def holder(self, scope: str, name: str) -> UUID | None:
        """Return who holds the name."""
        ...


class ProfileTexts(Protocol):
    """Names and texts of creators: rows that can be erased."""

    def add(self, profile_id: UUID, username: str, display_name: str, bio: str) -> bool:
        """Store a new profile's text; returns False if the username is taken."""
        ...

    def change(self, profile_id: UUID, display_name: str, bio: str) -> None:
        """Replace a profile's text."""
        ...

    def profile_of(self, username: str) -> UUID | None:
        """Return whose username this is."""
        ...


class Bans(Protocol):
    """Bans, as access has announced them."""

    def keeps_out(self, space_id: UUID, person_id: UUID) -> bool:
        """Return whether the person is banned from the space."""
        ...


class Written(NamedTuple):
    """The aggregate that a command changed, and its new version."""

    id: UUID
    version: int


class Catalog(Application[UUID]):
    """The use cases of the catalog."""

    snapshotting_intervals: ClassVar = {Space: 50, AccessPass: 50}

    def __init__(
        self,
        env: Mapping[str, str] | None = None,
        *,
        clock: Clock,
        names: Names,
        texts: ProfileTexts,
        bans: Bans,
    ) -> None:
        super().__init__(env)
        self._clock = clock
        self._names = names
        self._texts = texts
        self._bans = bans

    def open_profile(self, person_id: UUID, username: str, display_name: str, bio: str) -> Written:
        """Open a person's creator profile. Raises ProfileAlreadyOpened and Invalid."""
        problems = [*check_username(username), *check_profile(display_name, bio)]
        if problems:
            raise Invalid(*problems)
        profile = CreatorProfile(person_id=person_id)
        if profile.id in self.repository:
            raise ProfileAlreadyOpened(person_id)
        if not self._texts.add(profile.id, username, display_name.strip(), bio.strip()):
            raise Invalid(FieldError("username", "username_taken"))
        return self._saved(profile)

    def change_profile(self, person_id: UUID, display_name: str, bio: str) -> Written:
        """Change a person's profile. Raises ProfileNotFound and Invalid."""
        problems = check_profile(display_name, bio)
        if problems:
            raise Invalid(*problems)
        profile = self._profile(CreatorProfile.create_id(person_id))
        self._texts.change(profile.id, display_name.strip(), bio.strip())
        return Written(profile.id, profile.version)

    def follow_creator(self, username: str, person_id: UUID) -> Written:
        """Follow a creator; idempotent. Raises ProfileNotFound, OwnProfile."""
        profile = self._profile_named(username)
        following = self._following(profile.id, person_id)
        if following is None:
            return self._saved(Following.start(profile, person_id))
        following.resume()
        return self._saved(following)

    def unfollow_creator(self, username: str, person_id: UUID) -> None:
        """Unfollow a creator; idempotent. Raises ProfileNotFound."""
        following = self._following(self._profile_named(username).id, person_id)
        if following is not None:
            following.stop()
            self.save(following)

    def create_space(
        self, space_id: UUID, by: UUID, slug: str, details: SpaceDetails, currency: str
    ) -> Written:
        """Create a draft space, owned by its creator. Raises Invalid."""
        space = Space.open(space_id, by, slug, details, currency)
        if not self._names.claim("space", slug, space_id):
            raise Invalid(FieldError("slug", "slug_taken"))
        return self._saved(space)

    def change_space(
        self, slug: str, by: UUID, details: SpaceDetails, expected_version: int
    ) -> Written:
        """Change a space's details. Raises ChangedMeanwhile and Invalid."""
        space = self._space(slug, by, Permission.EDIT_SPACE)
        space.change_details(details, expected_version)
        return self._saved(space)

    def publish_space(self, slug: str, by: UUID) -> Written:
        """Make a space visible to everyone."""
        space = self._space(slug, by, Permission.EDIT_SPACE)
        space.publish()
        return self._saved(space)

    def add_to_team(self, slug: str, by: UUID, person_id: UUID, role: Role) -> Written:
        """Add a person to a space's team, or change their role. Raises OwnerStays, Banned."""
        space = self._space(slug, by, Permission.MANAGE_TEAM)
        if self._bans.keeps_out(space.id, person_id):
            raise Banned(person_id)
        space.add_to_team(person_id, role)
        return self._saved(space)

    def add_creator_to_team(self, slug: str, by: UUID, username: str, role: Role) -> Written:
        """Add a creator, known by their username, to a space's team.

        Raises OwnerStays, Banned, Invalid.
        """
        try:
            person_id = self._profile_named(username).person_id
        except ProfileNotFound:
            raise Invalid(FieldError("username", "username_unknown")) from None
        return self.add_to_team(slug, by, person_id, role)

    def remove_from_team(self, slug: str, by: UUID, person_id: UUID) -> Written:
        """Remove a person from a space's team. Raises OwnerStays."""
        space = self._space(slug, by, Permission.MANAGE_TEAM)
        space.remove_from_team(person_id)
        return self._saved(space)

    def remove_banned(self, space_id: UUID, person_id: UUID) -> None:
        """Remove a banned person from the team, unless the ban was lifted meanwhile."""
        if not self._bans.keeps_out(space_id, person_id):
            return
        try:
            space: Space = self.repository.get(space_id)
        except AggregateNotFoundError:
            return
        space.remove_from_team(person_id)
        self.save(space)

    def add_experience(
        self,
        space_slug: str,
        by: UUID,
        experience_id: UUID,
        slug: str,
        name: str,
        kind: ExperienceKind,
    ) -> Written:
        """Add an experience to a space. Raises Invalid."""
        space = self._space(space_slug, by, Permission.EDIT_EXPERIENCES)
        space.add_experience(experience_id, slug, name, kind)
        return self._saved(space)

    def draft_pass(
        self, space_slug: str, by: UUID, pass_id: UUID, slug: str, draft: PassDraft
    ) -> Written:
        """Draft a new pass. Raises Invalid."""
        space = self._space(space_slug, by, Permission.EDIT_PASSES)
        access_pass = AccessPass.draft(pass_id, space, slug, draft)
        if not self._names.claim(f"pass of {space.id}", slug, pass_id):
            raise Invalid(FieldError("slug", "slug_taken"))
        return self._saved(access_pass)

    def change_pass(
        self, space_slug: str, by: UUID, slug: str, draft: PassDraft, expected_version: int
    ) -> Written:
        """Draft the next version of a pass. Raises ChangedMeanwhile, PassArchived, Invalid."""
        space = self._space(space_slug, by, Permission.EDIT_PASSES)
        access_pass = self._pass(space, slug)
        access_pass.change_draft(space, draft, expected_version)
        return self._saved(access_pass)

    def publish_pass(
        self, space_slug: str, by: UUID, slug: str, expected_version: int | None = None
    ) -> Written:
        """Put a pass on sale as drafted. Raises PassNotReady, PassArchived, ChangedMeanwhile."""
        space = self._space(space_slug, by, Permission.EDIT_PASSES)
        access_pass = self._pass(space, slug)
        access_pass.publish(space, expected_version, self._clock.now())
        return self._saved(access_pass)

    def archive_pass(self, space_slug: str, by: UUID, slug: str) -> Written:
        """Take a pass off sale for good. Raises PassNotPublished."""
        access_pass = self._pass(self._space(space_slug, by, Permission.EDIT_PASSES), slug)
        access_pass.archive(self._clock.now())
        return self._saved(access_pass)

    def list_missing_of_pass(self, space_id: UUID, pass_id: UUID) -> tuple[str, ...]:
        """Return the open points of a pass's publish checklist."""
        space: Space = self.repository.get(space_id)
        access_pass: AccessPass = self.repository.get(pass_id)
        return access_pass.missing(space, self._clock.now())

    def _saved(self, aggregate: Aggregate) -> Written:
        self.save(aggregate)
        return Written(aggregate.id, aggregate.version)

    def _profile(self, profile_id: UUID) -> CreatorProfile:
        try:
            profile: CreatorProfile = self.repository.get(profile_id)
        except AggregateNotFoundError:
            raise ProfileNotFound(profile_id) from None
        return profile

    def _profile_named(self, username: str) -> CreatorProfile:
        profile_id = self._texts.profile_of(username)
        if profile_id is None:
            raise ProfileNotFound(username)
        return self._profile(profile_id)

    def _following(self, profile_id: UUID, person_id: UUID) -> Following | None:
        try:
            following: Following = self.repository.get(Following.create_id(profile_id, person_id))
        except AggregateNotFoundError:
            return None
        return following

    def _space(self, slug: str, by: UUID, permission: Permission) -> Space:
        space_id = self._names.holder("space", slug)
        if space_id is None:
            raise SpaceNotFound(slug)
        space: Space = self.repository.get(space_id)
        try:
            space.require(by, permission)
        except NotOnTeam:
            # Strangers must not learn that a draft of this name exists.
            if not space.published:
                raise SpaceNotFound(slug) from None
            raise
        return space

    def _pass(self, space: Space, slug: str) -> AccessPass:
        pass_id = self._names.holder(f"pass of {space.id}", slug)
        if pass_id is None:
            raise PassNotFound(slug)
        access_pass: AccessPass = self.repository.get(pass_id)
        return access_pass
