"""More buyers than the provider takes: a real database, HTTP on a port, Stripe's stand-in."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import stripe
import uvicorn

from libs.runtime.scheduling.clock import SystemClock
from libs.runtime.service import Service
from services.checkout.__main__ import compose
from services.checkout.payments.provider.protocol import (
    PaymentRequest,
    ProviderPayment,
    ProviderSilent,
)
from services.checkout.payments.provider.stripe import StripePayments
from services.checkout.tests.builders import terms
from services.checkout.tests.conftest import Shop, Visitor, settings_for
from services.checkout.tests.stand_in import (
    SECRET_KEY,
    StandIn,
    free_port,
    running_stand_in,
    until,
)
from tests.servers import NatsServer

pytestmark = pytest.mark.slow(90, "plays a rush of buyers")

PER_S, LIMIT, BUYERS = 10, 13, 60
"""As ours (20) stands to Stripe's (25)."""


@dataclass
class Watched(StripePayments):
    """Stripe, and what was asked of it when and with which answer."""

    url: str
    asked: list[tuple[float, UUID]] = field(default_factory=list)
    refused: list[UUID] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(SECRET_KEY, self.url)

    def create(self, asked: PaymentRequest) -> ProviderPayment:
        self.asked.append((time.monotonic(), asked.order_id))
        try:
            return super().create(asked)
        except ProviderSilent as silent:
            if isinstance(silent.__cause__, stripe.RateLimitError):
                self.refused.append(asked.order_id)
            raise

    @property
    def took_s(self) -> float:
        """From the first call to the last. A busy machine only makes it longer."""
        at = [at for at, _ in self.asked]
        return max(at) - min(at)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[StandIn]:
    with running_stand_in(tmp_path) as process:
        yield process


@dataclass
class Running:
    """The service as a process would run it."""

    shop: Shop
    stripe: Watched
    http: httpx.AsyncClient

    async def ask(self, person_id: UUID, method: str, path: str, body: Any = None) -> Any:
        answer = await Visitor(self.http, person_id).ask(method, path, body, uuid4().hex)
        while answer.status_code == 503:
            await asyncio.sleep(0.05)
            answer = await Visitor(self.http, person_id).ask(method, path, body, uuid4().hex)
        assert answer.is_success, answer.text
        return answer.json()

    def opened(self) -> list[UUID]:
        rows = self.shop.rows("SELECT order_id FROM order_list ORDER BY opened_at, order_id")
        return [row["order_id"] for row in rows]

    def without_payment(self) -> int:
        row = self.shop.row("SELECT count(*) AS n FROM payment_list WHERE state = 'requested'")
        return int(row["n"])

    async def until_all_can_pay(self, within_s: float = 30.0) -> None:
        deadline = time.monotonic() + within_s
        while left := await asyncio.to_thread(self.without_payment):
            assert time.monotonic() < deadline, f"{left} still wait"
            await asyncio.sleep(0.1)


@asynccontextmanager
async def running(
    database: str, nats: NatsServer, sandbox: StandIn, per_s: float
) -> AsyncIterator[Running]:
    port, provider, clock = free_port(), Watched(sandbox.url), SystemClock()
    settings = settings_for(database, nats.url, payments_per_s=per_s)
    service: Service = compose(settings, clock, provider)
    server = uvicorn.Server(
        uvicorn.Config(service.app, host="127.0.0.1", port=port, log_config=None)
    )
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    shop = Shop(service, provider, clock)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
            yield Running(shop, provider, http)
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
def start(database: str, own_nats: NatsServer, sandbox: StandIn) -> Callable[[float], Any]:
    return lambda per_s: running(database, own_nats, sandbox, per_s)


async def all_buy(house: Running, pass_id: UUID) -> list[tuple[UUID, Any]]:
    people = [uuid4() for _ in range(BUYERS)]
    body = {"pass_id": str(pass_id)}
    answers = await asyncio.gather(*(house.ask(p, "POST", "/orders", body) for p in people))
    return list(zip(people, answers, strict=True))


async def test_sixty_at_once_get_their_payments_in_the_order_of_opening(
    start: Callable[[float], Any], sandbox: StandIn
) -> None:
    sandbox.misbehave(kind="limit", path="/v1/payment_intents", per_s=LIMIT)
    async with start(PER_S) as house:
        pass_id = house.shop.offer(terms(stock=BUYERS)).pass_id

        bought = await all_buy(house, pass_id)
        told = sorted(order["waiting"]["ahead"] for _, order in bought if order["waiting"])
        # No browser asks meanwhile.
        await house.until_all_can_pay()
        seen = [
            await house.ask(person, "GET", f"/orders/{order['order_id']}")
            for person, order in bought
        ]

        order_of_asking = [order_id for _, order_id in sorted(house.stripe.asked)]
        place = {order_id: number for number, order_id in enumerate(house.opened())}
        out_of_place = [abs(place[o] - n) for n, o in enumerate(order_of_asking)]
        assert len(order_of_asking) == BUYERS
        # They are asked for in threads: those of one second may be noted in another order.
        assert max(out_of_place) <= PER_S
        # One second less than the pace demands: a thread may note the first call late.
        assert house.stripe.took_s >= (BUYERS - PER_S) / PER_S - 1
        assert house.stripe.refused == []
        assert all(order["payment"] and order["waiting"] is None for order in seen)
        assert told[-1] >= PER_S


async def test_without_the_queue_the_providers_limit_is_hit(
    start: Callable[[float], Any], sandbox: StandIn
) -> None:
    """The positive control."""
    sandbox.misbehave(kind="limit", path="/v1/payment_intents", per_s=LIMIT)
    async with start(10_000) as house:
        pass_id = house.shop.offer(terms(stock=BUYERS)).pass_id

        bought = await all_buy(house, pass_id)

        assert len(house.stripe.refused) > 0
        assert len({order["order_id"] for _, order in bought}) == BUYERS


async def test_restarted_process_rebuilds_the_queue(
    start: Callable[[float], Any], sandbox: StandIn
) -> None:
    async with start(1) as house:
        pass_id = house.shop.offer(terms(stock=20)).pass_id
        people = [uuid4() for _ in range(20)]
        body = {"pass_id": str(pass_id)}
        await asyncio.gather(*(house.ask(p, "POST", "/orders", body) for p in people))
        before = {order_id for _, order_id in house.stripe.asked}
        left = [order_id for order_id in house.opened() if order_id not in before]

    async with start(PER_S) as house:
        await house.until_all_can_pay()

        after = [order_id for _, order_id in sorted(house.stripe.asked)]
        assert len(left) >= 15
        assert set(after[:PER_S]) == set(left[:PER_S])
        assert sorted(after) == sorted(left)
        assert all(abs(left.index(one) - n) <= 2 for n, one in enumerate(after[PER_S:], PER_S))


async def test_buyer_at_an_empty_queue_gets_the_form_at_once(
    start: Callable[[float], Any], sandbox: StandIn
) -> None:
    async with start(PER_S) as house:
        pass_id = house.shop.offer(terms(stock=1)).pass_id

        order = await house.ask(uuid4(), "POST", "/orders", {"pass_id": str(pass_id)})

        assert order["payment"]["client_secret"]
        assert (order["payment_pending"], order["waiting"]) == (False, None)


async def test_silent_provider_is_asked_again_without_a_buyer(
    start: Callable[[float], Any], sandbox: StandIn
) -> None:
    sandbox.misbehave(kind="refuse", path="/v1/payment_intents", times=4)
    async with start(PER_S) as house:
        pass_id = house.shop.offer(terms(stock=1)).pass_id

        order = await house.ask(uuid4(), "POST", "/orders", {"pass_id": str(pass_id)})
        await house.until_all_can_pay()

        assert order["waiting"] == {"ahead": 0, "about_s": 1}
        # Reconciliation asks at the same address: some refusals are its own.
        assert house.stripe.refused
        assert len(house.stripe.asked) == len(house.stripe.refused) + 1
