"""What the catalog's pages show, as small frozen models."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from libs.events.catalog import ExperienceKind, PassTerms


class Read(BaseModel):
    """A frozen model."""

    model_config = ConfigDict(frozen=True)


class SpaceCard(Read):
    """A space in a list; `role` is that of the person who asks."""

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
    """Something to enter in a space, and the passes on sale that open it."""

    experience_id: UUID
    space_id: UUID
    slug: str
    name: str
    kind: ExperienceKind
    opened_by: tuple[OpenedBy, ...] = ()


class Offer(Read):
    """What a pass is under one version, published or drafted."""

    name: str
    description: str
    experience_ids: tuple[UUID, ...]
    terms: PassTerms


class Point(Read):
    """An open point of the publish checklist."""

    code: str
    message: str


class PassPage(Offer):
    """A pass as it was last published, or as drafted while it never was.

    `status` is draft, published or archived. `version` is what a change must expect. `draft`,
    `has_changes` and the open points of the `checklist` are there for the team alone.
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
    draft: Offer | None = None
    has_changes: bool | None = None
    checklist: tuple[Point, ...] | None = None


class Owner(Read):
    """The creator behind a space, as they call themselves."""

    username: str
    display_name: str


class SpacePage(SpaceCard):
    """A space with what can be entered there and what is sold."""

    owner: Owner | None
    experiences: tuple[Experience, ...]
    passes: tuple[PassPage, ...]


class ProfilePage(Read):
    """A creator's public face; `following` is whether the person who asks follows them."""

    profile_id: UUID
    person_id: UUID
    username: str
    display_name: str
    bio: str
    followers: int
    following: bool
    spaces: tuple[SpaceCard, ...]


class TeamMember(Read):
    """Who works in a space; the username is there when they have a profile."""

    person_id: UUID
    role: str
    username: str | None
    display_name: str | None
