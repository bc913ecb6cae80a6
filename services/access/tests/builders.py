"""Things to test the access service with, each with sensible defaults."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from libs.events.catalog import ExperienceAdded, ExperienceKind, PricingType, SpaceCreated
from libs.events.checkout import PassPurchased, PurchaseRefunded, RefundCause, RefundFailed
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


def a_refund(purchase: PassPurchased, *, full: bool = True) -> PurchaseRefunded:
    return PurchaseRefunded(
        order_id=purchase.order_id,
        person_id=purchase.person_id,
        space_id=purchase.space_id,
        pass_id=purchase.pass_id,
        amount_minor=purchase.total_minor if full else 100,
        currency=purchase.currency,
        currency_exponent=purchase.currency_exponent,
        full=full,
        cause=RefundCause.CREATOR,
    )


def a_failed_refund(purchase: PassPurchased, *, stands_again: bool = True) -> RefundFailed:
    return RefundFailed(
        order_id=purchase.order_id,
        person_id=purchase.person_id,
        space_id=purchase.space_id,
        pass_id=purchase.pass_id,
        amount_minor=purchase.total_minor if stands_again else 100,
        currency=purchase.currency,
        currency_exponent=purchase.currency_exponent,
        stands_again=stands_again,
    )


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


def about(contract: Contract, entity_id: UUID | None = None, version: int = 1) -> Envelope:
    entity_id = entity_id or uuid4()
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
