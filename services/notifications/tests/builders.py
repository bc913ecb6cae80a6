"""Builders for the tests of the notifications service."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from libs.events.access import GrantIssued, GrantReason
from libs.events.catalog import (
    ExperienceAdded,
    ExperienceKind,
    PassPublished,
    PassTerms,
    PricingType,
    SpaceCreated,
)
from libs.events.checkout import PassPurchased, PaymentReturned, PurchaseRefunded, RefundCause
from libs.events.contract import Contract
from libs.events.envelope import Envelope, event_id_of
from libs.events.streaming import StreamWentLive
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.scheduling.schedule import MemorySchedule
from services.notifications.application import Names, News, Notifications
from services.notifications.domain import Kind
from services.notifications.tests.fakes import Shelf

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

FACTS: dict[Kind, dict[str, Any]] = {
    Kind.RECEIPT: {
        "pass_name": "Season pass",
        "space_name": "The Studio",
        "order_id": "4f3c",
        "amount_minor": 1990,
        "currency": "EUR",
        "currency_exponent": 2,
        "bought_at": NOON.isoformat(),
        "access_until_at": None,
    },
    Kind.WELCOME: {"pass_name": "Season pass", "space_name": "The Studio"},
    Kind.REFUND: {
        "pass_name": "Season pass",
        "space_name": "The Studio",
        "order_id": "4f3c",
        "amount_minor": 1990,
        "currency": "EUR",
        "currency_exponent": 2,
        "returned_at": NOON.isoformat(),
        "full": "yes",
    },
    Kind.PAYMENT_RETURNED: {
        "pass_name": "",
        "space_name": "",
        "order_id": "4f3c",
        "amount_minor": 1990,
        "currency": "EUR",
        "currency_exponent": 2,
        "returned_at": NOON.isoformat(),
        "cause": "sold_out",
    },
    Kind.LIVE_NOW: {
        "experience_name": "Rehearsals",
        "space_name": "The Studio",
        "started_at": NOON.isoformat(),
    },
    Kind.ACCOUNT_OPENED: {},
    Kind.NEW_SIGN_IN: {"signed_in_at": NOON.isoformat()},
}


def a_service(
    clock: FixedClock | None = None,
    schedule: MemorySchedule | None = None,
    shelf: Shelf | None = None,
) -> Notifications:
    shelf = shelf or Shelf()
    return Notifications(
        clock=clock or FixedClock(NOON),
        schedule=schedule or MemorySchedule(),
        audience=shelf,
        catalogue=shelf,
        opt_outs=shelf,
    )


def some_news(kind: Kind = Kind.RECEIPT, **fields: Any) -> News:
    given: dict[str, Any] = {
        "about_event_id": uuid4(),
        "kind": kind,
        "url": "/account",
        "facts": FACTS[kind],
        "space_id": uuid4(),
    }
    return News(**(given | fields))


def a_purchase(**fields: Any) -> PassPurchased:
    given: dict[str, Any] = {
        "membership_id": uuid4(),
        "order_id": uuid4(),
        "person_id": uuid4(),
        "space_id": uuid4(),
        "pass_id": uuid4(),
        "pass_version_id": uuid4(),
        "experience_ids": (uuid4(),),
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


def a_refund(*, full: bool = True, **fields: Any) -> PurchaseRefunded:
    return PurchaseRefunded(**_money(fields), full=full, cause=RefundCause.CREATOR)


def a_return(cause: RefundCause = RefundCause.SOLD_OUT, **fields: Any) -> PaymentReturned:
    return PaymentReturned(**_money(fields), cause=cause)


def _money(fields: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {
        "order_id": uuid4(),
        "person_id": uuid4(),
        "space_id": uuid4(),
        "pass_id": uuid4(),
        "amount_minor": 1990,
        "currency": "EUR",
        "currency_exponent": 2,
    }
    return given | fields


def a_live_stream(experience_id: UUID | None = None, space_id: UUID | None = None) -> Any:
    return StreamWentLive(
        stream_id=uuid4(),
        experience_id=experience_id or uuid4(),
        space_id=space_id or uuid4(),
        started_at=NOON,
        recording=True,
    )


def a_grant(experience_id: UUID, person_id: UUID, **fields: Any) -> GrantIssued:
    given: dict[str, Any] = {
        "grant_id": uuid4(),
        "source_id": uuid4(),
        "source_version": 1,
        "person_id": person_id,
        "experience_id": experience_id,
        "space_id": uuid4(),
        "reason": GrantReason.PURCHASE,
        "valid_from": NOON,
        "valid_until": None,
    }
    return GrantIssued(**(given | fields))


def a_space(space_id: UUID) -> SpaceCreated:
    return SpaceCreated(
        space_id=space_id,
        owner_id=uuid4(),
        slug="studio",
        name="The Studio",
        currency="EUR",
        time_zone="UTC",
    )


def an_experience(experience_id: UUID, space_id: UUID) -> ExperienceAdded:
    return ExperienceAdded(
        experience_id=experience_id,
        space_id=space_id,
        slug="rehearsals",
        name="Rehearsals",
        kind=ExperienceKind.LIVE,
    )


def a_published_pass(pass_id: UUID, space_id: UUID) -> PassPublished:
    return PassPublished(
        pass_id=pass_id,
        version_id=uuid4(),
        version_number=1,
        space_id=space_id,
        space_slug="studio",
        space_name="The Studio",
        slug="season",
        name="Season pass",
        experience_ids=(uuid4(),),
        terms=PassTerms(pricing_type=PricingType.ONE_TIME, currency="EUR", currency_exponent=2),
    )


def named(name: str = "Season pass", slug: str = "season") -> Names:
    return Names(name, slug, "The Studio", "studio")


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
