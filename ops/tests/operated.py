"""A small system with everything that operators inspect: databases, streams, services."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from eventsourcing.application import Application

from libs.events.catalog import PassTerms, PricingType
from libs.runtime.scheduling.clock import SystemClock
from libs.runtime.service import Service
from libs.runtime.settings import ServiceSettings
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from ops import stores
from services.access.__main__ import compose as compose_access
from services.checkout.memberships.membership import Membership
from services.checkout.orders.order import Order
from services.checkout.orders.sale.quote import Quote
from services.checkout.stock.capacity import Capacity
from services.checkout.stock.seat import Seat, SeatReason
from tests.servers import PostgresServer

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
SERVICES = Path(stores.__file__).parents[1] / "services"


def an_offer(**terms: Any) -> Quote:
    given = {"pricing_type": PricingType.FREE, "currency": "EUR", "currency_exponent": 2}
    return Quote(
        pass_id=uuid4(),
        version_id=uuid4(),
        version_number=1,
        space_id=uuid4(),
        space_slug="studio",
        space_name="The Studio",
        pass_slug="season",
        pass_name="Season pass",
        experience_ids=(uuid4(), uuid4()),
        frozen_terms=PassTerms(**(given | terms)).model_dump(mode="json"),
    )


@dataclass
class Operated:
    """Seven databases with their tables; a checkout that publishes and an access that
    subscribes."""

    urls: dict[str, str]
    nats_url: str

    @classmethod
    def create(cls, postgres: PostgresServer, nats_url: str) -> "Operated":
        system = cls({name: postgres.create_database() for name in stores.SERVICES}, nats_url)
        for name in stores.SERVICES:
            store = system.store(name)
            store.open()
            store.close()
        return system

    @property
    def environment(self) -> dict[str, str]:
        urls = {f"{name.upper()}_DATABASE_URL": url for name, url in self.urls.items()}
        return urls | {"NATS_URL": self.nats_url}

    def store(self, service: str) -> Store[Any]:
        migrations = SERVICES / service / "migrations"
        return Store(
            service,
            self.urls[service],
            Application,
            views=stores.views_of(service),
            migrations=migrations if migrations.exists() else None,
            pool_size=2,
        )

    def settings(self, service: str) -> ServiceSettings:
        return ServiceSettings(
            http_port=1,
            database_url=self.urls[service],
            nats_url=self.nats_url,
            person_token_secret="a secret of at least thirty-two characters",
            store_pool_size=2,
        )

    def checkout(self) -> Service:
        return Service(
            self.settings("checkout"),
            self.store("checkout"),
            publishes=stores.announces("checkout"),
        )

    def access(self) -> Service:
        return compose_access(self.settings("access"), SystemClock())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[tuple[Service, Service]]:
        async with self.checkout().running() as checkout, self.access().running() as access:
            yield checkout, access

    def rows(self, service: str, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.urls[service], autocommit=True) as conn:
            done = conn.execute(statement, parameters)
            return done.fetchall() if done.description else []


def sell(store: Store[Any], offer: Quote | None = None, person_id: UUID | None = None) -> UUID:
    """Buy a pass from the checkout with this store."""
    offer = offer or an_offer()
    order = Order(
        command_id=uuid4(),
        person_id=person_id or uuid4(),
        quote=offer.to_state(),
        total_minor=0,
        opened_at=AT,
        held_until=AT + timedelta(minutes=10),
    )
    order.fulfil(AT)
    membership = Membership(
        order_id=order.id,
        person_id=order.person_id,
        quote=offer.to_state(),
        total_minor=0,
        payment_intent_id=None,
        access_from=AT,
        access_until=None,
    )
    seat = Seat(order.id, offer.pass_id, SeatReason.ORDER.value, AT)
    seat.sell(SeatReason.FREE, AT)

    def buy() -> str:
        store.application.save(order, membership, seat)
        return str(order.id)

    store.execute(Cause(uuid4(), "someone"), buy)
    return order.id


def set_capacity(store: Store[Any], pass_id: UUID, seats: int | None) -> None:
    """The first version of a pass sets its number of seats."""
    capacity = Capacity(pass_id, 1, seats, AT)
    store.execute(Cause(uuid4(), "someone"), lambda: store.application.save(capacity) and None)
