"""The whole service: real PostgreSQL, real NATS, HTTP on a port, and Stripe's stand-in."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn
from nats.aio.client import Client

from libs.events.checkout import OrderOpened, PassPurchased, PurchaseRefunded
from libs.events.contract import REGISTRY, Contract, stream_of, subject_of
from libs.runtime.messaging import bus
from libs.runtime.scheduling.clock import SystemClock
from libs.runtime.service import Service
from services.checkout.__main__ import compose
from services.checkout.payments.provider.stripe import StripePayments
from services.checkout.tests.builders import a_pass, a_space, about, free, terms
from services.checkout.tests.conftest import Visitor, settings_for
from services.checkout.tests.stand_in import (
    SECRET_KEY,
    StandIn,
    free_port,
    running_stand_in,
    until,
)
from tests.servers import NatsServer

pytestmark = pytest.mark.own_server

OWNER, BUYER = uuid4(), uuid4()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def sandbox(tmp_path: Path, port: int) -> Iterator[StandIn]:
    with running_stand_in(tmp_path, f"http://127.0.0.1:{port}/webhooks/stripe") as process:
        yield process


@pytest.fixture
async def service(
    database: str, own_nats: NatsServer, sandbox: StandIn, port: int
) -> AsyncIterator[Service]:
    settings = settings_for(database, own_nats.url, store_pool_size=6)
    service = compose(settings, SystemClock(), StripePayments(SECRET_KEY, sandbox.url))
    server = uvicorn.Server(
        uvicorn.Config(service.app, host="127.0.0.1", port=port, log_config=None)
    )
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    yield service
    server.should_exit = True
    await serving


@pytest.fixture
async def http(service: Service, port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        yield client


async def say(client: Client, contract: Contract, entity_id: UUID, version: int = 1) -> None:
    js = client.jetstream()
    await bus.ensure_stream(js, contract.producer())
    await js.publish(
        subject_of(contract.type, entity_id),
        contract.model_dump_json().encode(),
        headers=about(contract, entity_id, version).to_headers(),
    )


async def heard(client: Client, kind: type[Contract]) -> list[Contract]:
    js = client.jetstream()
    info = await js.stream_info(stream_of("checkout"))
    said = [await js.get_msg(stream_of("checkout"), n + 1) for n in range(info.state.messages)]
    contracts = [
        REGISTRY[(message.headers or {})["ce-type"]].model_validate_json(message.data or b"")
        for message in said
    ]
    return [contract for contract in contracts if isinstance(contract, kind)]


async def for_sale(
    service: Service, http: httpx.AsyncClient, frozen: Any = None
) -> tuple[UUID, UUID]:
    """A pass that the catalog announces on the bus; back when it can be bought."""
    published = a_pass(frozen)
    client = service.client
    assert client is not None
    await say(client, a_space(OWNER, published.space_id), published.space_id)
    await say(client, published, published.pass_id)

    async def known() -> bool:
        return (await http.get(f"/passes/{published.pass_id}/sale")).status_code == 200

    await until(known)
    return published.pass_id, published.space_id


async def pay(sandbox: StandIn, client_secret: str) -> None:
    answer = await asyncio.to_thread(sandbox.pay, client_secret)
    assert answer.status_code == 200, answer.text


async def test_a_purchase_goes_from_the_bus_through_stripe_and_its_webhook_to_the_bus(
    service: Service, http: httpx.AsyncClient, sandbox: StandIn
) -> None:
    pass_id, space_id = await for_sale(service, http, terms(stock=1))
    buyer = Visitor(http, BUYER)

    order = (await buyer.ask("POST", "/orders", {"pass_id": str(pass_id)}, "once")).json()
    await pay(sandbox, order["payment"]["client_secret"])
    client = service.client
    assert client is not None
    (purchased,) = await until(lambda: heard(client, PassPurchased))

    assert isinstance(purchased, PassPurchased)
    assert (str(purchased.order_id), purchased.person_id) == (order["order_id"], BUYER)
    assert len(await heard(client, OrderOpened)) == 1
    shown = (await buyer.ask("GET", f"/orders/{order['order_id']}")).json()
    assert (shown["status"], shown["payment"]) == ("fulfilled", None)
    sale = (await buyer.ask("GET", f"/passes/{pass_id}/sale")).json()
    assert (sale["state"], sale["left"], sale["order_id"]) == ("owned", 0, order["order_id"])
    assert sale["membership_id"] == str(purchased.membership_id)
    numbers = (await Visitor(http, OWNER).ask("GET", f"/spaces/{space_id}/numbers")).json()
    assert numbers["currencies"][0]["net_minor"] == 1990


async def test_a_refund_by_the_owner_reaches_stripe_and_the_bus(
    service: Service, http: httpx.AsyncClient, sandbox: StandIn
) -> None:
    pass_id, _ = await for_sale(service, http, terms(stock=1))
    order = (await Visitor(http, BUYER).ask("POST", "/orders", {"pass_id": str(pass_id)})).json()
    await pay(sandbox, order["payment"]["client_secret"])
    client = service.client
    assert client is not None
    await until(lambda: heard(client, PassPurchased))

    asked = await Visitor(http, OWNER).ask("POST", f"/orders/{order['order_id']}/refund", {})
    (refunded,) = await until(lambda: heard(client, PurchaseRefunded))

    assert asked.status_code == 202
    assert isinstance(refunded, PurchaseRefunded)
    assert (refunded.amount_minor, refunded.full, refunded.cause) == (1990, True, "creator")
    charges = sandbox.client().v1.charges.list({"limit": 10})
    assert [charge.refunded for charge in charges.data] == [True]
    await asyncio.sleep(0.5)
    assert len(await heard(client, PurchaseRefunded)) == 1


async def test_without_any_webhook_the_return_page_settles(
    service: Service, http: httpx.AsyncClient, sandbox: StandIn
) -> None:
    pass_id, _ = await for_sale(service, http, terms(stock=1))
    sandbox.misbehave(kind="drop", event="*", times=None)
    buyer = Visitor(http, BUYER)
    order = (await buyer.ask("POST", "/orders", {"pass_id": str(pass_id)})).json()
    await pay(sandbox, order["payment"]["client_secret"])

    settled = (await buyer.ask("POST", f"/orders/{order['order_id']}/settle")).json()

    assert settled["status"] == "fulfilled"


async def test_with_stripe_down_a_hold_is_kept_and_paid_when_it_is_back(
    service: Service, http: httpx.AsyncClient, sandbox: StandIn
) -> None:
    pass_id, _ = await for_sale(service, http, terms(stock=1))
    buyer = Visitor(http, BUYER)
    sandbox.kill()

    waiting = (await buyer.ask("POST", "/orders", {"pass_id": str(pass_id)})).json()
    await asyncio.to_thread(sandbox.start)
    ready = (await buyer.ask("GET", f"/orders/{waiting['order_id']}")).json()
    await pay(sandbox, ready["payment"]["client_secret"])

    assert (waiting["status"], waiting["payment_pending"]) == ("open", True)
    await until(lambda: fulfilled(buyer, waiting["order_id"]))


async def fulfilled(buyer: Visitor, order_id: str) -> bool:
    return (await buyer.ask("GET", f"/orders/{order_id}")).json()["status"] == "fulfilled"


async def test_fifty_people_at_once_want_the_one_free_seat(
    service: Service, http: httpx.AsyncClient
) -> None:
    pass_id, _ = await for_sale(service, http, free(stock=1))

    async def buy() -> tuple[int, str]:
        for _ in range(40):
            answer = await Visitor(http, uuid4()).ask("POST", "/orders", {"pass_id": str(pass_id)})
            if answer.status_code != 503:
                break
            await asyncio.sleep(0.1)
        return answer.status_code, answer.json().get("code", "")

    answers = await asyncio.gather(*(buy() for _ in range(50)))

    assert answers.count((201, "")) == 1
    assert answers.count((409, "sold_out")) == 49
    client = service.client
    assert client is not None
    await until(lambda: heard(client, PassPurchased))
    assert len(await heard(client, PassPurchased)) == 1
