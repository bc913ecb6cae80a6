"""Access passes: a draft that the team edits, and the versions that buyers saw."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

from services.catalog.domain.names import check_inner_slug, check_text
from services.catalog.domain.refusals import (
    ChangedMeanwhile,
    FieldError,
    Invalid,
    PassArchived,
    PassNotPublished,
    PassNotReady,
)
from services.catalog.domain.space import Space
from services.catalog.domain.term_rules import check_terms
from services.catalog.domain.terms import PricingType, Terms


@dataclass(frozen=True, slots=True)
class PassDraft:
    """The team's draft of a pass's next version."""

    name: str
    description: str
    experience_ids: tuple[UUID, ...]
    terms: Terms

    def settled_in(self, space: Space) -> "PassDraft":
        """Return it with trimmed texts, and with the space's currency if it names none."""
        return PassDraft(
            self.name.strip(),
            self.description.strip(),
            self.experience_ids,
            self.terms.settled_in(space.currency),
        )

    def problems(self, space: Space) -> list[FieldError]:
        """Return what is invalid in this space."""
        return [
            *check_text("name", self.name, least=1, most=80),
            *check_text("description", self.description, most=4000),
            *_chosen(self.experience_ids, space),
            *check_terms(self.terms),
        ]


def _chosen(experience_ids: tuple[UUID, ...], space: Space) -> Iterator[FieldError]:
    if any(str(each) not in space.experiences for each in experience_ids):
        yield FieldError("experience_ids", "experience_unknown")
    elif len(set(experience_ids)) != len(experience_ids):
        yield FieldError("experience_ids", "experience_twice")


class AccessPass(Aggregate):
    """A pass to a chosen set of a space's experiences.

    The draft may change at any time. Publishing freezes it as the next version, and buyers keep the
    version that they bought.
    """

    TOPIC = "catalog.access_pass"

    class Created(Aggregate.Created):
        """The library requires it beside a named creation event; never used."""

        TOPIC = "catalog.access_pass.created"

    class Drafted(Aggregate.Created):
        """The pass was drafted; only its team sees it."""

        TOPIC = "catalog.access_pass.drafted"

        pass_id: UUID
        space_id: UUID
        slug: str
        name: str
        description: str
        experience_ids: list[UUID]
        terms: dict[str, Any]

    class DraftChanged(Aggregate.Event):
        """The team changed the draft of the next version."""

        TOPIC = "catalog.access_pass.draft_changed"

        name: str
        description: str
        experience_ids: list[UUID]
        terms: dict[str, Any]

    class Published(Aggregate.Event):
        """The draft went on sale as an immutable version."""

        TOPIC = "catalog.access_pass.published"

        version_id: UUID
        version_number: int
        space_id: UUID
        space_slug: str
        space_name: str
        slug: str
        name: str
        description: str
        experience_ids: list[UUID]
        terms: dict[str, Any]
        published_at: datetime

    class Archived(Aggregate.Event):
        """The pass went off sale for good; buyers keep it."""

        TOPIC = "catalog.access_pass.archived"

        space_id: UUID
        archived_at: datetime

    @event(Drafted)
    def __init__(  # noqa: PLR0913 - the fields of the event
        self,
        *,
        pass_id: UUID,
        space_id: UUID,
        slug: str,
        name: str,
        description: str,
        experience_ids: list[UUID],
        terms: dict[str, Any],
    ) -> None:
        self.space_id = space_id
        self.slug = slug
        self.name = name
        self.description = description
        self.experience_ids = experience_ids
        self.terms = terms
        self.version_number = 0
        self.has_changes = True
        self.archived = False

    @staticmethod
    @override
    def create_id(pass_id: UUID) -> UUID:
        """Return the id that the command chose."""
        return pass_id

    @classmethod
    def draft(cls, pass_id: UUID, space: Space, slug: str, draft: PassDraft) -> "AccessPass":
        """Draft a new pass. Raises Invalid."""
        draft = draft.settled_in(space)
        problems = [*check_inner_slug(slug), *draft.problems(space)]
        if problems:
            raise Invalid(*problems)
        return cls(
            pass_id=pass_id,
            space_id=space.id,
            slug=slug,
            name=draft.name,
            description=draft.description,
            experience_ids=list(draft.experience_ids),
            terms=draft.terms.to_stored(),
        )

    def change_draft(self, space: Space, draft: PassDraft, expected_version: int) -> None:
        """Change the draft of the next version. Raises PassArchived, ChangedMeanwhile, Invalid."""
        self._check_open(expected_version)
        draft = draft.settled_in(space)
        problems = draft.problems(space)
        if problems:
            raise Invalid(*problems)
        wanted: dict[str, Any] = {
            "name": draft.name,
            "description": draft.description,
            "experience_ids": list(draft.experience_ids),
            "terms": draft.terms.to_stored(),
        }
        if any(getattr(self, name) != value for name, value in wanted.items()):
            self._draft_changed(**wanted)

    @event(DraftChanged)
    def _draft_changed(
        self,
        name: str,
        description: str,
        experience_ids: list[UUID],
        terms: dict[str, Any],
    ) -> None:
        self.name = name
        self.description = description
        self.experience_ids = experience_ids
        self.terms = terms
        self.has_changes = True

    def missing(self, space: Space, at: datetime) -> tuple[str, ...]:
        """Return the codes of the open points of the publish checklist; none means ready.

        Terms that can't be sold yet (product §10) are a point as well: a pass may be published only
        if its terms are honoured.
        """
        terms = Terms.from_stored(self.terms)
        points = {
            "space_unpublished": not space.published,
            "no_experience": not self.experience_ids,
            "sale_already_over": _past(terms.sale_ends_at, at),
            "already_expired": _past(terms.auto_expire_at, at),
            "recurring_not_yet": terms.pricing_type is PricingType.RECURRING,
            "waitlist_not_yet": terms.waitlist,
            "split_payments_not_yet": terms.split_payments,
        }
        return tuple(code for code, is_open in points.items() if is_open)

    def publish(self, space: Space, expected_version: int | None, at: datetime) -> None:
        """Publish the draft as the next version; an unchanged draft makes no version.

        Raises PassArchived, ChangedMeanwhile and PassNotReady.
        """
        if self.version_number and not self.has_changes and not self.archived:
            return
        self._check_open(self.version if expected_version is None else expected_version)
        missing = self.missing(space, at)
        if missing:
            raise PassNotReady(missing)
        number = self.version_number + 1
        self._published(
            version_id=uuid5(self.id, f"version/{number}"),
            version_number=number,
            space_id=self.space_id,
            space_slug=space.slug,
            space_name=space.name,
            slug=self.slug,
            name=self.name,
            description=self.description,
            experience_ids=self.experience_ids,
            terms=self.terms,
            published_at=at,
        )

    @event(Published)
    def _published(  # noqa: PLR0913 - the fields of the event
        self,
        *,
        version_id: UUID,
        version_number: int,
        space_id: UUID,
        space_slug: str,
        space_name: str,
        slug: str,
        name: str,
        description: str,
        experience_ids: list[UUID],
        terms: dict[str, Any],
        published_at: datetime,
    ) -> None:
        self.version_number = version_number
        self.has_changes = False

    def archive(self, at: datetime) -> None:
        """Take the pass off sale for good; idempotent. Raises PassNotPublished."""
        if not self.version_number:
            raise PassNotPublished(self.id)
        if not self.archived:
            self._archived(space_id=self.space_id, archived_at=at)

    @event(Archived)
    def _archived(self, space_id: UUID, archived_at: datetime) -> None:
        self.archived = True

    def _check_open(self, expected_version: int) -> None:
        if self.archived:
            raise PassArchived(self.id)
        if self.version != expected_version:
            raise ChangedMeanwhile(expected_version, self.version)


def _past(moment: datetime | None, at: datetime) -> bool:
    return moment is not None and moment <= at
