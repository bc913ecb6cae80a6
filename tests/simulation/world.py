"""All services, the bus between them and the outside world, under one clock."""

import contextvars
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from typing_extensions import override

from libs.events.envelope import Envelope, event_id_of
from libs.events.identity import PersonRegistered
from libs.runtime.messaging.contacts import Contact
from libs.runtime.messaging.streams import Message
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.store import unit_of_work
from libs.runtime.store.log import Position
from services.access.application import Access
from services.chat.application import Chat
from services.checkout.orders.use_cases import Orders
from services.checkout.payments.provider.protocol import PaymentProvider
from services.checkout.payments.use_cases import Payments
from services.checkout.reconciliation.runs.lists import Reconciler
from services.checkout.stock.tables import StockTable
from tests.simulation.bank import Bank
from tests.simulation.bus import Bus, Durable, WrongLast, position_of
from tests.simulation.fault_injector import Crash, FaultInjector
from tests.simulation.mortal_store import MortalStore
from tests.simulation.outside import PostOffice, Room
from tests.simulation.site import Site
from tests.simulation.wiring import (
    BEGIN,
    SERVICES,
    SUBSCRIPTIONS,
    CheckoutProcess,
    Process,
    Surroundings,
)

R = TypeVar("R")

BEGINNING: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
_NESTED: Final = 2


def _itself(bank: Bank) -> PaymentProvider:
    return bank


class CrowdedCounters(StockTable):
    """The real counters, at which somebody else may be faster between decision and update."""

    def __init__(self, crowd: Callable[[UUID], None]) -> None:
        self._crowd = crowd

    @override
    def move(self, pass_id: UUID, held: int, sold: int) -> bool:
        self._crowd(pass_id)
        return super().move(pass_id, held, sold)


@dataclass(frozen=True)
class Protections:
    """The parts that keep the promises; a control replaces one by a mutant."""

    make_store: Callable[..., MortalStore] = MortalStore
    counters: Callable[[Callable[[UUID], None]], StockTable] = CrowdedCounters
    orders: type[Orders] = Orders
    payments: type[Payments] = Payments
    reconciler: type[Reconciler] = Reconciler
    provider: Callable[[Bank], PaymentProvider] = _itself
    access: type[Access] = Access
    chat: type[Chat] = Chat
    relay_expects: bool = True
    acknowledges_first: bool = False
    keeps_order: bool = True


@dataclass
class World:
    """The world of a story."""

    site: Site
    injector: FaultInjector
    orderly: bool = True
    protections: Protections = field(default_factory=Protections)
    meanwhile: Callable[[], None] = lambda: None
    crowd: Callable[[UUID], None] = lambda _: None
    deaths: Counter[str] = field(default_factory=Counter)
    contacts: dict[UUID, Contact] = field(default_factory=dict)
    people: list[UUID] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = FixedClock(BEGINNING)
        self.bus = Bus(self.injector, self.orderly and self.protections.keeps_order)
        self.bank = Bank(self.injector, self.clock, self._meanwhile)
        self.room = Room(self.injector)
        self.post = PostOffice(self.injector)
        self._under_way: list[str] = []
        self._crowding: object | None = None
        self._crowded_before: object | None = None
        self._registered: list[Envelope] = []
        kept = self.protections
        self._surroundings = Surroundings(
            self.injector,
            self.clock,
            self.site.urls,
            self.site.connections,
            self.bank,
            self.room,
            self.post,
            self.contacts,
            kept.make_store,
            lambda: kept.counters(self._crowded),
            kept.orders,
            kept.payments,
            kept.reconciler,
            kept.provider(self.bank),
            kept.access,
            kept.chat,
        )
        self.processes: dict[str, Process] = {}
        for service in SERVICES:
            self.bus.subscribe(service, SUBSCRIPTIONS[service])

    def build(self) -> None:
        """Create the tables, once for all stories."""
        for service in SERVICES:
            self._started(service, opening=True).die()

    def begin(self) -> None:
        """Start every service on empty tables."""
        self.site.wipe()
        for service in SERVICES:
            self.processes[service] = self._started(service)

    def end(self) -> None:
        """Stop every service."""
        for process in self.processes.values():
            process.die()

    def _started(self, service: str, *, opening: bool = False) -> Process:
        while True:
            try:
                return BEGIN[service](self._surroundings, opening=opening)
            except Crash:
                self.deaths[service] += 1

    def restart(self, service: str) -> None:
        """Drop the process and rebuild it from the database."""
        self.processes[service].die()
        self.processes[service] = self._started(service)

    @property
    def checkout(self) -> CheckoutProcess:
        """The service with the bank."""
        process = self.processes["checkout"]
        assert isinstance(process, CheckoutProcess)
        return process

    def run(self, service: str, act: Callable[[Any], R]) -> R | None:
        """Let a service do something; returns None if it died of it. It is restarted afterwards."""
        under_way = list(self._under_way)
        self._under_way.append(service)
        try:
            return contextvars.Context().run(act, self.processes[service])
        except Crash as crash:
            if service in under_way:
                raise
            self.deaths[service] += 1
            self.restart(service)
            if crash.service in under_way:
                raise
            return None
        finally:
            self._under_way = under_way

    # The bus

    def publish(self, service: str, limit: int = 20) -> int:
        """Let the relay publish; returns how many messages it sent before it was done, refused, or
        died."""

        def send(process: Process) -> int:
            last = self.bus.last_position(service)
            said = process.writer.next_page(last, limit)
            self._behind_its_back(service, process, last)
            for number, each in enumerate(said):
                self.injector.may_crash(service, "in the middle of publishing")
                expected = last if self.protections.relay_expects else None
                try:
                    self.bus.add(service, each.envelope, each.contract, expected)
                except WrongLast:
                    return number
                last = position_of(each.envelope.position)
            return len(said)

        return self.run(service, send) or 0

    def _behind_its_back(self, service: str, process: Process, last: Position) -> None:
        """A relay that seemed dead is a step ahead, or the stream loses its end."""
        if self.injector.mishap(0.03):
            for each in process.writer.next_page(last, 1):
                self.injector.tell(f"   a second relay of {service} was quicker")
                self.bus.add(service, each.envelope, each.contract)
        if self.injector.mishap(0.03):
            there = len(self.bus.streams.get(service, []))
            self.injector.tell(f"   the stream of {service} loses its end meanwhile")
            self.bus.forget(service, max(0, there - 2))

    def publish_identity(self) -> int:
        """Identity is not simulated: publish the people that it has registered."""
        there = len(self.bus.streams.get("identity", []))
        for envelope in self._registered[there:]:
            self.bus.add("identity", envelope, PersonRegistered(person_id=envelope.entity_id))
        return len(self._registered) - there

    def register(self, person_id: UUID) -> None:
        """Somebody signs in for the first time."""
        self.people.append(person_id)
        now = self.clock.now()
        number = len(self._registered) + 1
        self._registered.append(
            Envelope(
                id=event_id_of(person_id, 1),
                type=PersonRegistered.type,
                source="identity",
                entity_id=person_id,
                entity_version=1,
                occurred_at=now,
                recorded_at=now,
                position=f"1.{number}-{number}",
                actor=str(person_id),
            )
        )

    def deliver(self, durable: Durable, message: Message) -> bool:
        """Let the consumer handle one message; returns whether it was handled."""

        def handle(process: Process) -> bool:
            handler = process.handlers[durable.producer]
            if self.protections.acknowledges_first:
                durable.acked.add(message.sequence)
            return self.bus.deliver(durable, message, handler.handle)

        return self.run(durable.consumer, handle) or False

    def work(self, service: str) -> str | None:
        """Let the worker do one piece of work; returns None if nothing is due."""
        return self.run(service, lambda process: process.worker.step() or "") or None

    # Concurrent actions

    def _meanwhile(self) -> None:
        # An outer transaction may hold locks: the only thread would wait for itself.
        if self._crowding is None and len(self._under_way) <= _NESTED:
            self.meanwhile()

    def _crowded(self, pass_id: UUID) -> None:
        """Only before the first seat of a transaction moves: after it the row is locked."""
        unit = unit_of_work.required()
        if self._crowding is not None or self._crowded_before is unit:
            return
        self._crowding = self._crowded_before = unit
        try:
            self.crowd(pass_id)
        finally:
            self._crowding = None

    def pass_time(self, by: timedelta) -> None:
        """Move the clock of everyone."""
        self.clock.advance(by)
