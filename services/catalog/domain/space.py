"""A creator's place: what it is called, who works in it, and what can be entered there."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

from libs.permissions import Permission, Role, may
from services.catalog.domain.names import (
    check_inner_slug,
    check_space_slug,
    check_text,
    check_time_zone,
)
from services.catalog.domain.refusals import (
    ChangedMeanwhile,
    FieldError,
    Invalid,
    NotOnTeam,
    OwnerStays,
    RoleTooSmall,
)
from services.catalog.domain.term_rules import check_currency

MOST_EXPERIENCES: Final = 100
MOST_TEAM: Final = 100


class Visibility(StrEnum):
    """Whether a published space is listed on its creator's profile or known by link alone."""

    PUBLIC = "public"
    PRIVATE = "private"


class ExperienceKind(StrEnum):
    """Live video with chat, or chat alone."""

    LIVE = "live"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class SpaceDetails:
    """What a space says of itself."""

    name: str
    description: str
    time_zone: str
    visibility: Visibility = Visibility.PUBLIC

    def problems(self) -> list[FieldError]:
        """What of it can't be taken."""
        return [
            *check_text("name", self.name, least=1, most=80),
            *check_text("description", self.description, most=4000),
            *check_time_zone(self.time_zone),
        ]


class Space(Aggregate):
    """A creator's place with its team and its experiences."""

    TOPIC = "catalog.space"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "catalog.space.created"

    class Opened(Aggregate.Created):
        """The space exists as a draft; whoever made it owns it."""

        TOPIC = "catalog.space.opened"

        space_id: UUID
        owner_id: UUID
        slug: str
        name: str
        description: str
        currency: str
        time_zone: str
        visibility: str

    class DetailsChanged(Aggregate.Event):
        """The space says something else of itself."""

        TOPIC = "catalog.space.details_changed"

        name: str
        description: str
        time_zone: str
        visibility: str

    class Published(Aggregate.Event):
        """Everyone can see the space."""

        TOPIC = "catalog.space.published"

        slug: str
        name: str

    class TeamMemberAdded(Aggregate.Event):
        """A person works in the space, or does so in another role."""

        TOPIC = "catalog.space.team_member_added"

        person_id: UUID
        role: str

    class TeamMemberRemoved(Aggregate.Event):
        """A person works in the space no longer."""

        TOPIC = "catalog.space.team_member_removed"

        person_id: UUID

    class ExperienceAdded(Aggregate.Event):
        """One more thing can be entered in the space."""

        TOPIC = "catalog.space.experience_added"

        experience_id: UUID
        slug: str
        name: str
        kind: str

    @event(Opened)
    def __init__(  # noqa: PLR0913 - the event says all of it
        self,
        *,
        space_id: UUID,
        owner_id: UUID,
        slug: str,
        name: str,
        description: str,
        currency: str,
        time_zone: str,
        visibility: str,
    ) -> None:
        self.owner_id = owner_id
        self.slug = slug
        self.name = name
        self.description = description
        self.currency = currency
        self.time_zone = time_zone
        self.visibility = visibility
        self.published = False
        self.team: dict[str, str] = {str(owner_id): Role.OWNER.value}
        self.experiences: dict[str, str] = {}

    @staticmethod
    @override
    def create_id(space_id: UUID) -> UUID:
        """The id is given by the command that asks for the space."""
        return space_id

    @classmethod
    def open(
        cls, space_id: UUID, owner_id: UUID, slug: str, details: SpaceDetails, currency: str
    ) -> "Space":
        """Make a space as a draft. Raises Invalid."""
        problems = [
            *check_space_slug(slug),
            *details.problems(),
            *check_currency(currency),
        ]
        if problems:
            raise Invalid(*problems)
        return cls(
            space_id=space_id,
            owner_id=owner_id,
            slug=slug,
            name=details.name.strip(),
            description=details.description.strip(),
            currency=currency,
            time_zone=details.time_zone,
            visibility=details.visibility.value,
        )

    def role_of(self, person_id: UUID) -> Role | None:
        """The role in which a person works here, or None."""
        role = self.team.get(str(person_id))
        return None if role is None else Role(role)

    def require(self, person_id: UUID, permission: Permission) -> None:
        """Let only those pass whose role has the permission. Raises NotOnTeam, RoleTooSmall."""
        role = self.role_of(person_id)
        if role is None:
            raise NotOnTeam(person_id)
        if not may(role, permission):
            raise RoleTooSmall(role)

    def change_details(self, details: SpaceDetails, expected_version: int) -> None:
        """Say something else of the space. Raises ChangedMeanwhile and Invalid."""
        if self.version != expected_version:
            raise ChangedMeanwhile(expected_version, self.version)
        problems = details.problems()
        if problems:
            raise Invalid(*problems)
        self._details_changed(
            name=details.name.strip(),
            description=details.description.strip(),
            time_zone=details.time_zone,
            visibility=details.visibility.value,
        )

    @event(DetailsChanged)
    def _details_changed(
        self, name: str, description: str, time_zone: str, visibility: str
    ) -> None:
        self.name = name
        self.description = description
        self.time_zone = time_zone
        self.visibility = visibility

    def publish(self) -> None:
        """Show the space to everyone; one that is shown already stays so."""
        if not self.published:
            self._published(slug=self.slug, name=self.name)

    @event(Published)
    def _published(self, slug: str, name: str) -> None:
        self.published = True

    def add_to_team(self, person_id: UUID, role: Role) -> None:
        """Let a person work here, or give them another role. Raises OwnerStays and Invalid."""
        if person_id == self.owner_id or role is Role.OWNER:
            raise OwnerStays(person_id)
        if len(self.team) >= MOST_TEAM and str(person_id) not in self.team:
            raise Invalid(FieldError("person_id", "too_many", {"most": MOST_TEAM}))
        if self.role_of(person_id) is not role:
            self._team_member_added(person_id=person_id, role=role.value)

    @event(TeamMemberAdded)
    def _team_member_added(self, person_id: UUID, role: str) -> None:
        self.team[str(person_id)] = role

    def remove_from_team(self, person_id: UUID) -> None:
        """Let a person work here no longer. Raises OwnerStays."""
        if person_id == self.owner_id:
            raise OwnerStays(person_id)
        if str(person_id) in self.team:
            self._team_member_removed(person_id=person_id)

    @event(TeamMemberRemoved)
    def _team_member_removed(self, person_id: UUID) -> None:
        self.team.pop(str(person_id), None)

    def add_experience(
        self, experience_id: UUID, slug: str, name: str, kind: ExperienceKind
    ) -> None:
        """Add something to enter; its slug is its own within the space. Raises Invalid."""
        problems = [*check_inner_slug(slug), *check_text("name", name, least=1, most=80)]
        if slug in self.experiences.values():
            problems.append(FieldError("slug", "slug_taken"))
        if len(self.experiences) >= MOST_EXPERIENCES:
            problems.append(FieldError("name", "too_many", {"most": MOST_EXPERIENCES}))
        if problems:
            raise Invalid(*problems)
        self._experience_added(
            experience_id=experience_id, slug=slug, name=name.strip(), kind=kind.value
        )

    @event(ExperienceAdded)
    def _experience_added(self, experience_id: UUID, slug: str, name: str, kind: str) -> None:
        self.experiences[str(experience_id)] = slug
