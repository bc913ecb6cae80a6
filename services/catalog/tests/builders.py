"""Values for tests to start from."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from libs.runtime.scheduling.clock import FixedClock
from services.catalog.application import Catalog
from services.catalog.domain import (
    AccessPass,
    ExperienceKind,
    PassDraft,
    PricingType,
    Space,
    SpaceDetails,
    Terms,
)
from services.catalog.tests.fakes import MemoryBans, MemoryNames, MemoryTexts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OWNER = UUID(int=1)
STRANGER = UUID(int=2)
DETAILS = SpaceDetails("Anna plays", "Piano, every Friday.", "Europe/Vienna")


def a_catalog(at: datetime = NOW) -> Catalog:
    return Catalog(
        clock=FixedClock(at), names=MemoryNames(), texts=MemoryTexts(), bans=MemoryBans()
    )


def a_space(*, published: bool = True) -> Space:
    space = Space.open(uuid4(), OWNER, "anna", DETAILS, "EUR")
    space.add_experience(uuid4(), "concerts", "Concerts", ExperienceKind.LIVE)
    space.add_experience(uuid4(), "backstage", "Backstage", ExperienceKind.CHAT)
    if published:
        space.publish()
    space.collect_events()
    return space


def some_terms(**changed: Any) -> Terms:
    return replace(Terms(PricingType.ONE_TIME, "EUR", price_minor=1990), **changed)


def a_draft(space: Space, **changed: Any) -> PassDraft:
    first = UUID(next(iter(space.experiences)))
    return replace(PassDraft("Season", "All concerts", (first,), some_terms()), **changed)


def a_pass(space: Space, **changed: Any) -> AccessPass:
    access_pass = AccessPass.draft(uuid4(), space, "season", a_draft(space, **changed))
    access_pass.collect_events()
    return access_pass


def kinds(aggregate: Any) -> list[type]:
    return [type(event) for event in aggregate.collect_events()]
