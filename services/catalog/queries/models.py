"""What the catalog's pages show, as small frozen models."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from libs.events.catalog import ExperienceKind, PassTerms


class Read(BaseModel):
    model_config = ConfigDict(frozen=True)


class SpaceCard(Read):
    """A space in a list; `role` is the viewer's."""

    space_id: UUID
    slug: str
    name: str
    description: str
    status: str
    visibility: str
    currency: str
    currency_exponent: int
    time_zone: str
    owner_id: UUID
    version: int
    role: str | None = None


class OpenedBy(Read):
    """A pass on sale that opens an experience."""

    slug: str
    name: str


class Experience(Read):
    """An experience of a space, and the passes on sale that open it."""

    experience_id: UUID
    space_id: UUID
    slug: str
    name: str
    kind: ExperienceKind
    opened_by: tuple[OpenedBy, ...] = ()


class PassContent(Read):
    """What a pass offers in one version, published or drafted."""

    name: str
    description: str
    experience_ids: tuple[UUID, ...]
    terms: PassTerms


class Point(Read):
    """An open point of the publish checklist."""

    code: str
    message: str


class PassPage(PassContent):
    """A pass as last published, or as drafted if it never was.

    `status` is draft, published or archived. `version` is what a change must expect. Only the team
    gets `draft`, `has_changes` and the open points of the `checklist`.
    """

    pass_id: UUID
    space_id: UUID
    slug: str
    status: str
    version: int
    version_id: UUID | None
    version_number: int
    published_at: datetime | None
    experiences: tuple[Experience, ...] = ()
    draft: PassContent | None = None
    has_changes: bool | None = None
    checklist: tuple[Point, ...] | None = None


class Owner(Read):
    """A creator's public name."""

    username: str
    display_name: str


class SpacePage(SpaceCard):
    """A space with its experiences and passes."""

    owner: Owner | None
    experiences: tuple[Experience, ...]
    passes: tuple[PassPage, ...]


class ProfilePage(Read):
    """A creator's public page; `following` says whether the viewer follows them."""

    profile_id: UUID
    person_id: UUID
    username: str
    display_name: str
    bio: str
    followers: int
    following: bool
    spaces: tuple[SpaceCard, ...]


class TeamMember(Read):
    """A team member; the username is there if they have a profile."""

    person_id: UUID
    role: str
    username: str | None
    display_name: str | None
