"""Things to test the checkout with, each with sensible defaults."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from libs.events.catalog import PassArchived, PassPublished, PassTerms, SpaceCreated
from libs.events.contract import Contract
from libs.events.envelope import Envelope, event_id_of
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.scheduling.schedule import MemorySchedule
from services.checkout.application import Parts, application
from services.checkout.memberships.membership import Membership
from services.checkout.orders.order import Order
from services.checkout.orders.sale.quote import Quote
from services.checkout.payments.payment import Payment
from services.checkout.payments.provider.protocol import PaymentStatus, ProviderPayment
from services.checkout.tests.fakes import MemoryCounters, MemoryReads

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def terms(**fields: Any) -> PassTerms:
    given: dict[str, Any] = {
        "pricing_type": "one_time",
        "currency": "EUR",
        "currency_exponent": 2,
        "price_minor": 1990,
    }
    return PassTerms.model_validate(given | fields)


def free(**fields: Any) -> PassTerms:
    return terms(pricing_type="free", price_minor=0, **fields)


def an_offer(frozen: PassTerms | None = None, **fields: Any) -> Quote:
    given: dict[str, Any] = {
        "pass_id": uuid4(),
        "version_id": uuid4(),
        "version_number": 1,
        "space_id": uuid4(),
        "space_slug": "studio",
        "space_name": "The Studio",
        "pass_slug": "season",
        "pass_name": "Season pass",
        "experience_ids": (uuid4(), uuid4()),
        "frozen_terms": (frozen or terms()).model_dump(mode="json"),
    }
    return Quote(**(given | fields))


def an_order(frozen: PassTerms | None = None) -> Order:
    offer = an_offer(frozen)
    return Order(
        command_id=uuid4(),
        person_id=uuid4(),
        quote=offer.to_state(),
        total_minor=offer.terms.total_minor,
        opened_at=NOON,
        held_until=NOON + 10 * MINUTE,
    )


def a_charge(**fields: Any) -> Payment:
    """A payment that was asked for, and nothing more."""
    given: dict[str, Any] = {
        "order_id": uuid4(),
        "person_id": uuid4(),
        "space_id": uuid4(),
        "pass_id": uuid4(),
        "amount_minor": 1990,
        "currency": "EUR",
        "currency_exponent": 2,
    }
    return Payment(charge=given | fields, attempt=1, requested_at=NOON)


def a_payment(order: Order | UUID, status: str = "succeeded", **fields: Any) -> ProviderPayment:
    given: dict[str, Any] = {
        "payment_intent_id": "pi_1",
        "status": PaymentStatus(status),
        "amount_minor": 1990,
        "currency": "EUR",
        "order_id": order if isinstance(order, UUID) else order.id,
        "attempt": 1,
        "charge_id": "ch_1",
        "client_secret": "pi_1_secret",
    }
    return ProviderPayment(**(given | fields))


def events_of(aggregate: Any) -> list[str]:
    return [type(event).__name__ for event in aggregate.collect_events()]


@dataclass
class Shop:
    """The checkout in memory, with what it stands on."""

    clock: FixedClock = field(default_factory=lambda: FixedClock(NOON))
    schedule: MemorySchedule = field(default_factory=MemorySchedule)
    reads: MemoryReads = field(default_factory=MemoryReads)
    counters: MemoryCounters = field(default_factory=MemoryCounters)

    def __post_init__(self) -> None:
        parts = Parts(counters=self.counters, locks=self.reads, reads=self.reads, owned=self.reads)
        self.checkout = application(None, self.clock, self.schedule, parts)
        self.reads.checkout = self.checkout

    def offer(self, frozen: PassTerms | None = None, seats: int | None = None) -> UUID:
        offer = an_offer(frozen)
        self.reads.offers[offer.pass_id] = offer
        self.checkout.stock.set_capacity(offer.pass_id, 1, seats)
        return offer.pass_id

    def buy(self, pass_id: UUID, person_id: UUID | None = None) -> UUID:
        return UUID(self.checkout.orders.open_order(uuid4(), person_id or uuid4(), pass_id))

    def order(self, order_id: UUID) -> Order:
        order: Order = self.checkout.repository.get(order_id)
        return order

    def membership(self, order_id: UUID) -> Membership:
        membership: Membership = self.checkout.repository.get(Membership.create_id(order_id))
        return membership

    def told_of_membership(self, order_id: UUID) -> list[str]:
        return self.told(Membership.create_id(order_id))

    def payment(self, order_id: UUID, attempt: int = 1) -> Payment:
        payment: Payment = self.checkout.repository.get(Payment.id_of(order_id, attempt))
        return payment

    def told_of_payment(self, order_id: UUID, attempt: int = 1) -> list[str]:
        return self.told(Payment.id_of(order_id, attempt))

    def told(self, order_id: UUID) -> list[str]:
        return [type(event).__name__ for event in self.checkout.events.get(order_id)]

    def due(self) -> list[str]:
        return sorted(entry.kind for entry in self.schedule.entries)


def a_space(owner_id: UUID, space_id: UUID) -> SpaceCreated:
    return SpaceCreated(
        space_id=space_id,
        owner_id=owner_id,
        slug="studio",
        name="The Studio",
        currency="EUR",
        time_zone="Europe/Berlin",
    )


def a_pass(
    frozen: PassTerms | None = None, pass_id: UUID | None = None, **fields: Any
) -> PassPublished:
    given: dict[str, Any] = {
        "pass_id": pass_id or uuid4(),
        "version_id": uuid4(),
        "version_number": 1,
        "space_id": uuid4(),
        "space_slug": "studio",
        "space_name": "The Studio",
        "slug": "season",
        "name": "Season pass",
        "experience_ids": (uuid4(), uuid4()),
        "terms": frozen or terms(),
    }
    return PassPublished(**(given | fields))


def an_end(published: PassPublished) -> PassArchived:
    return PassArchived(pass_id=published.pass_id, space_id=published.space_id)


def about(contract: Contract, entity_id: UUID, version: int = 1) -> Envelope:
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
