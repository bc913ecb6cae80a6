"""The checkout on a real database, with a payment provider that does as it is told."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from libs.events.catalog import PassPublished, PassTerms
from libs.events.contract import Contract
from libs.runtime.http import person_token
from libs.runtime.messaging.handling import with_views
from libs.runtime.scheduling.clock import Clock, FixedClock, SystemClock
from libs.runtime.scheduling.worker import Worker
from libs.runtime.service import Service
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.checkout.__main__ import compose
from services.checkout.application import Checkout
from services.checkout.flows import Workers, jobs, talking_to, timers
from services.checkout.orders.queries import PURCHASE_COLUMNS, PURCHASE_TABLES
from services.checkout.payments.provider.protocol import PaymentProvider
from services.checkout.payments.queue.waiting_room import WaitingRoom, queue_for, spare_turn
from services.checkout.projections import VIEWS
from services.checkout.reactions import SUBSCRIPTIONS
from services.checkout.reconciliation.runs.run import schedule_runs
from services.checkout.settings import Settings
from services.checkout.stock.inventory import Counters
from services.checkout.tests.builders import NOON, a_pass, a_space, about
from services.checkout.tests.fakes import FakeProvider

SECRET = "a secret of the tests, of 32 signs or more"
WEBHOOK_SECRETS = "whsec_new,whsec_old"


def settings_for(database: str, nats_url: str = "nats://127.0.0.1:1", **more: Any) -> Settings:
    given: dict[str, Any] = {
        "http_port": 1,
        "database_url": database,
        "nats_url": nats_url,
        "person_token_secret": SECRET,
        "stripe_api_key": "sk_test_tests",
        "stripe_publishable_key": "pk_test_tests",
        "stripe_webhook_secrets": WEBHOOK_SECRETS,
    }
    return Settings(**(given | more))


@dataclass
class Shop:
    """The checkout with its database open and no bus; time stands still until it is moved."""

    service: Service
    provider: Any
    clock: Clock
    versions: dict[UUID, int] = field(default_factory=dict)
    bought: UUID = field(default_factory=uuid4)

    def __post_init__(self) -> None:
        self.store: Store[Checkout] = self.service.store
        self.checkout = self.store.application
        self.employ(talking_to(self.provider, self.store))

    def employ(self, workers: Workers) -> None:
        """Let these talk with the provider from now on."""
        self.charging, self.webhooks = workers.charging, workers.webhooks
        self.reconciler, self.balancer = workers.reconciler, workers.balancer
        self.worker = Worker(self.store, timers(self.store, self.webhooks), jobs(workers))

    def wait_for_turns(self, per_s: float) -> WaitingRoom:
        """Have a queue in front of the provider, which makes `per_s` payments a second."""
        queue = queue_for(per_s)
        turns = partial(spare_turn, queue)
        self.employ(talking_to(self.provider, self.store, before_making=turns))
        return WaitingRoom(self.store, queue, self.charging.ensure)

    def hear(self, contract: Contract, entity_id: UUID) -> None:
        """Handle an event of the catalog as the consumer does."""
        version = self.versions[entity_id] = self.versions.get(entity_id, 0) + 1
        envelope = about(contract, entity_id, version)

        def react() -> None:
            self.store.project(contract, envelope)
            with_views(SUBSCRIPTIONS, VIEWS)[type(contract)](contract, envelope, self.checkout)

        self.store.react(envelope, "checkout-catalog", react)

    def offer(
        self, frozen: PassTerms | None = None, owner_id: UUID | None = None, **fields: Any
    ) -> PassPublished:
        published = a_pass(frozen, **fields)
        if published.space_id not in self.versions:
            space = a_space(owner_id or uuid4(), published.space_id)
            self.hear(space, published.space_id)
        self.hear(published, published.pass_id)
        return published

    def buy(self, pass_id: UUID, person_id: UUID | None = None) -> UUID:
        cause = Cause(uuid4())
        person_id = person_id or uuid4()
        opened = self.store.execute(
            cause, lambda: self.checkout.orders.open_order(cause.command_id, person_id, pass_id)
        )
        return UUID(opened)

    def ensure(self, order_id: UUID) -> None:
        self.charging.ensure(order_id, Cause(uuid4()))

    def settle(self, order_id: UUID) -> None:
        self.charging.settle_order(order_id, Cause(uuid4()))

    def settle_again(self, payment_intent_id: str) -> None:
        """As when a webhook speaks of the payment."""
        record = self.charging.follow_hint(payment_intent_id)
        assert record is not None
        self.store.work(self.cause(), record)

    def cause(self) -> Cause:
        return Cause(uuid4())

    async def work(self) -> int:
        """Do what is due on the schedule, until nothing is."""
        done = 0
        while now := await self.worker.run_due():
            done += now
        return done

    def schedule_runs(self) -> None:
        """As at the start of the service."""
        self.store.work(
            Cause(uuid4()), lambda: schedule_runs(self.store.schedule, self.clock.now())
        )

    def pass_time(self, **by: float) -> None:
        assert isinstance(self.clock, FixedClock)
        self.clock.advance(timedelta(**by))

    def rows(self, statement: str, *parameters: Any) -> list[dict[str, Any]]:
        def run(curs: Any) -> list[dict[str, Any]]:
            curs.execute(statement, parameters)
            return curs.fetchall() if curs.description else []

        return self.store.query(run)

    def row(self, statement: str, *parameters: Any) -> dict[str, Any]:
        (row,) = self.rows(statement, *parameters)
        return row

    def order(self, order_id: UUID) -> dict[str, Any]:
        """The order as its buyer sees it."""
        sql = f"SELECT {PURCHASE_COLUMNS} FROM {PURCHASE_TABLES} WHERE o.order_id = %s"  # noqa: S608
        return self.row(sql, order_id)

    def stock(self, pass_id: UUID) -> tuple[int | None, int, int]:
        row = self.row("SELECT capacity, held, sold FROM stock WHERE pass_id = %s", pass_id)
        return row["capacity"], row["held"], row["sold"]

    def count(self, topic: str) -> int:
        return int(self.row("SELECT count(*) AS n FROM events WHERE topic = %s", topic)["n"])

    def returns(self) -> int:
        """How often it was told that a payment which bought nothing is back."""
        stored = self.rows("SELECT state FROM events WHERE topic = 'checkout.payment.refunded'")
        refunds = [json.loads(bytes(row["state"])) for row in stored]
        return sum(refund["whole"] and refund["full"] for refund in refunds)


@pytest.fixture
def open_shop(database: str) -> Iterator[Callable[..., Shop]]:
    """Opens the checkout on this test's database with another provider, clock or counter."""
    opened: list[Shop] = []

    def open_(
        provider: PaymentProvider | None = None,
        clock: Clock | None = None,
        counters: Counters | None = None,
        **more: Any,
    ) -> Shop:
        at = clock or FixedClock(NOON)
        chosen = provider or FakeProvider(now=at.now)
        shop = Shop(compose(settings_for(database, **more), at, chosen, counters), chosen, at)
        shop.store.open()
        opened.append(shop)
        return shop

    yield open_
    for shop in opened:
        shop.store.close()


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop()


@dataclass
class Visitor:
    """Someone who asks the checkout over HTTP: a person, or no one."""

    http: httpx.AsyncClient
    person_id: UUID | None

    async def ask(
        self, method: str, path: str, body: Any = None, key: str | None = None
    ) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        if self.person_id is not None:
            token = person_token.sign(SECRET, self.person_id, "s", SystemClock().now())
            headers["Authorization"] = f"Bearer {token}"
        return await self.http.request(method, path, json=body, headers=headers)


@pytest.fixture
async def http(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(shop.service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://checkout") as client:
        yield client
