"""A creator's space: its details, its team and its experiences."""

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
    """Whether a published space is listed on its creator's profile or reachable only by its
    link."""

    PUBLIC = "public"
    PRIVATE = "private"


class ExperienceKind(StrEnum):
    """Live video with chat, or chat alone."""

    LIVE = "live"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class SpaceDetails:
    """A space's details."""

    name: str
    description: str
    time_zone: str
    visibility: Visibility = Visibility.PUBLIC

    def problems(self) -> list[FieldError]:
        """Return what is invalid."""
        return [
            *check_text("name", self.name, least=1, most=80),
            *check_text("description", self.description, most=4000),
            *check_time_zone(self.time_zone),
        ]


class Space(Aggregate):
    """A creator's space with its team and experiences."""

    TOPIC = "catalog.space"

    class Created(Aggregate.Created):
        """The library requires it beside a named creation event; never used."""

        TOPIC = "catalog.space.created"

    class Opened(Aggregate.Created):
        """The space was created as a draft; its creator owns it."""

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
        """The space's details changed."""

        TOPIC = "catalog.space.details_changed"

        name: str
        description: str
        time_zone: str
        visibility: str

    class Published(Aggregate.Event):
        """The space became visible to everyone."""

        TOPIC = "catalog.space.published"

        slug: str
        name: str

    class TeamMemberAdded(Aggregate.Event):
        """A person joined the team or got another role."""

        TOPIC = "catalog.space.team_member_added"

        person_id: UUID
        role: str

    class TeamMemberRemoved(Aggregate.Event):
        """A person left the team."""

        TOPIC = "catalog.space.team_member_removed"

        person_id: UUID

    class ExperienceAdded(Aggregate.Event):
        """The space got a new experience."""

        TOPIC = "catalog.space.experience_added"

        experience_id: UUID
        slug: str
        name: str
        kind: str

    @event(Opened)
    def __init__(  # noqa: PLR0913 - the fields of the event
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
        """Return the id that the command chose."""
        return space_id

    @classmethod
    def open(
        cls, space_id: UUID, owner_id: UUID, slug: str, details: SpaceDetails, currency: str
    ) -> "Space":
        """Create a draft space. Raises Invalid."""
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
        """Return the person's role here, or None."""
        role = self.team.get(str(person_id))
        return None if role is None else Role(role)

    def require(self, person_id: UUID, permission: Permission) -> None:
        """Require a role with the permission. Raises NotOnTeam, RoleTooSmall."""
        role = self.role_of(person_id)
        if role is None:
            raise NotOnTeam(person_id)
        if not may(role, permission):
            raise RoleTooSmall(role)

    def change_details(self, details: SpaceDetails, expected_version: int) -> None:
        """Change the space's details. Raises ChangedMeanwhile and Invalid."""
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
        """Make the space visible to everyone; idempotent."""
        if not self.published:
            self._published(slug=self.slug, name=self.name)

    @event(Published)
    def _published(self, slug: str, name: str) -> None:
        self.published = True

    def add_to_team(self, person_id: UUID, role: Role) -> None:
        """Add a person to the team, or change their role. Raises OwnerStays and Invalid."""
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
        """Remove a person from the team. Raises OwnerStays."""
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
        """Add an experience; its slug is unique within the space. Raises Invalid."""
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
