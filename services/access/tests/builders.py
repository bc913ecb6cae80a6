"""Things to test the access service with, each with sensible defaults."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from libs.events.catalog import ExperienceAdded, ExperienceKind, PricingType, SpaceCreated
from libs.events.checkout import (
    EndCause,
    MembershipChanged,
    MembershipEnded,
    MembershipState,
    PassPurchased,
)
from libs.events.contract import Contract
from libs.events.envelope import Envelope, event_id_of
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.scheduling.schedule import MemorySchedule
from services.access.application import Access, Entitlement
from services.access.domain import Grant, GrantReason

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def an_access(clock: FixedClock | None = None, schedule: MemorySchedule | None = None) -> Access:
    return Access(clock=clock or FixedClock(NOON), schedule=schedule or MemorySchedule())


def a_grant(valid_until: datetime | None = None, **fields: Any) -> Grant:
    given: dict[str, Any] = {
        "source_id": uuid4(),
        "source_version": 1,
        "person_id": uuid4(),
        "experience_id": uuid4(),
        "space_id": uuid4(),
        "reason": "purchase",
        "valid_from": NOON,
        "valid_until": valid_until,
        "at": NOON,
    }
    return Grant(**(given | fields))


def an_entitlement(*experience_ids: UUID, **fields: Any) -> Entitlement:
    given: dict[str, Any] = {
        "source_id": uuid4(),
        "person_id": uuid4(),
        "space_id": uuid4(),
        "experience_ids": experience_ids or (uuid4(),),
        "reason": GrantReason.PURCHASE,
        "valid_from": NOON,
    }
    return Entitlement(**(given | fields))


def a_purchase(*experience_ids: UUID, **fields: Any) -> PassPurchased:
    given: dict[str, Any] = {
        "membership_id": uuid4(),
        "order_id": uuid4(),
        "person_id": uuid4(),
        "space_id": uuid4(),
        "pass_id": uuid4(),
        "pass_version_id": uuid4(),
        "experience_ids": experience_ids or (uuid4(), uuid4()),
        "pricing_type": PricingType.ONE_TIME,
        "total_minor": 1990,
        "currency": "EUR",
        "currency_exponent": 2,
        "access_from": NOON,
        "access_until": None,
        "space_slug": "studio",
        "space_name": "The Studio",
        "pass_slug": "season",
        "pass_name": "Season pass",
    }
    return PassPurchased(**(given | fields))


def an_end(purchase: PassPurchased, cause: EndCause = EndCause.REFUNDED) -> MembershipEnded:
    return MembershipEnded(**_of(purchase), cause=cause)


def a_change(
    purchase: PassPurchased,
    state: MembershipState = MembershipState.ACTIVE,
    **window: datetime | None,
) -> MembershipChanged:
    """The membership as it was bought, in this state; `window` names what is different."""
    given = {"access_from": purchase.access_from, "access_until": purchase.access_until}
    return MembershipChanged(**_of(purchase), state=state, **(given | window))


def _of(purchase: PassPurchased) -> dict[str, Any]:
    names = ("membership_id", "person_id", "space_id", "pass_id", "experience_ids")
    return {name: getattr(purchase, name) for name in names}


def a_space(owner_id: UUID, space_id: UUID | None = None) -> SpaceCreated:
    return SpaceCreated(
        space_id=space_id or uuid4(),
        owner_id=owner_id,
        slug="studio",
        name="The Studio",
        currency="EUR",
        time_zone="Europe/Berlin",
    )


def an_experience(space_id: UUID, experience_id: UUID | None = None) -> ExperienceAdded:
    return ExperienceAdded(
        experience_id=experience_id or uuid4(),
        space_id=space_id,
        slug="rehearsals",
        name="Rehearsals",
        kind=ExperienceKind.LIVE,
    )


_VERSIONS = {MembershipEnded: 2, MembershipChanged: 3}
"""A membership is bought, refunded, and restored since the refund failed: the usual versions."""


def about(
    contract: Contract, entity_id: UUID | None = None, version: int | None = None
) -> Envelope:
    entity_id = entity_id or getattr(contract, "membership_id", None) or uuid4()
    version = version or _VERSIONS.get(type(contract), 1)
    return Envelope(
        id=event_id_of(entity_id, version),
        type=contract.type,
        source=contract.producer(),
        entity_id=entity_id,
        entity_version=version,
        occurred_at=NOON,
        recorded_at=NOON,
        position=f"1.{version}-{version}",
        actor="someone",
    )
