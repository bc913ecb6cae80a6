"""What the tests of the chat service are made of."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from libs.events.access import (
    BanLifted,
    GrantExpired,
    GrantIssued,
    GrantReason,
    GrantRevoked,
    PersonBanned,
)
from libs.events.catalog import ExperienceAdded, ExperienceKind, PricingType
from libs.events.checkout import PassPurchased, PurchaseRefunded, RefundCause
from libs.events.envelope import Envelope
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.scheduling.schedule import MemorySchedule
from services.chat.application import SETTLE_SEAT, Chat
from services.chat.domain import Membership
from services.chat.tests.fakes import OnlyOurs

NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)


class Desk:
    """A chat service in memory, and what it asked for."""

    def __init__(self) -> None:
        self.clock = FixedClock(NOW)
        self.schedule = MemorySchedule()
        self.chat = Chat(clock=self.clock, schedule=self.schedule, turns=OnlyOurs())

    def membership(self, person_id: UUID, experience_id: UUID) -> Membership:
        found: Membership = self.chat.repository.get(Membership.create_id(person_id, experience_id))
        return found

    def seats_asked_for(self) -> list[str]:
        return [entry.key for entry in self.schedule.entries if entry.kind == SETTLE_SEAT]

    def confirm(self, person_id: UUID, experience_id: UUID) -> None:
        seat = self.membership(person_id, experience_id)
        self.chat.confirm_seat(seat.id, seat.request)


def about(entity_id: UUID | None = None, version: int = 1) -> Envelope:
    return Envelope(
        id=uuid4(),
        type="",
        source="",
        entity_id=entity_id or uuid4(),
        entity_version=version,
        occurred_at=NOW,
        recorded_at=NOW,
        position="1.1-1",
        actor="system",
    )


def purchased(**given: Any) -> PassPurchased:
    return PassPurchased(
        **{
            "order_id": uuid4(),
            "person_id": uuid4(),
            "space_id": uuid4(),
            "pass_id": uuid4(),
            "pass_version_id": uuid4(),
            "experience_ids": (uuid4(),),
            "pricing_type": PricingType.ONE_TIME,
            "total_minor": 1500,
            "currency": "EUR",
            "currency_exponent": 2,
            "access_from": NOW,
            "access_until": None,
            "space_slug": "club",
            "space_name": "Club",
            "pass_slug": "gold",
            "pass_name": "Gold",
            **given,
        }
    )


def refunded(purchase: PassPurchased, *, full: bool = True) -> PurchaseRefunded:
    return PurchaseRefunded(
        order_id=purchase.order_id,
        person_id=purchase.person_id,
        space_id=purchase.space_id,
        pass_id=purchase.pass_id,
        amount_minor=purchase.total_minor if full else 1,
        currency=purchase.currency,
        currency_exponent=purchase.currency_exponent,
        full=full,
        cause=RefundCause.CREATOR,
    )


def grant_issued(source_id: UUID, person_id: UUID, experience_id: UUID) -> GrantIssued:
    return GrantIssued(
        grant_id=uuid4(),
        source_id=source_id,
        person_id=person_id,
        experience_id=experience_id,
        space_id=uuid4(),
        reason=GrantReason.PURCHASE,
        valid_from=NOW,
        valid_until=None,
    )


def grant_revoked(source_id: UUID, person_id: UUID, experience_id: UUID) -> GrantRevoked:
    return GrantRevoked(
        grant_id=uuid4(),
        source_id=source_id,
        person_id=person_id,
        experience_id=experience_id,
        space_id=uuid4(),
        cause="creator",
    )


def grant_expired(source_id: UUID, person_id: UUID, experience_id: UUID) -> GrantExpired:
    return GrantExpired(
        grant_id=uuid4(),
        source_id=source_id,
        person_id=person_id,
        experience_id=experience_id,
        space_id=uuid4(),
    )


def person_banned(space_id: UUID, person_id: UUID) -> PersonBanned:
    return PersonBanned(space_id=space_id, person_id=person_id, reason_code="spam")


def ban_lifted(space_id: UUID, person_id: UUID) -> BanLifted:
    return BanLifted(space_id=space_id, person_id=person_id)


def experience_added(space_id: UUID, experience_id: UUID | None = None) -> ExperienceAdded:
    return ExperienceAdded(
        experience_id=experience_id or uuid4(),
        space_id=space_id,
        slug="lounge",
        name="Lounge",
        kind=ExperienceKind.CHAT,
    )
