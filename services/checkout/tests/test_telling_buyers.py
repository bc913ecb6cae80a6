"""What a buyer is told of their money while nobody knows yet, and how often that is asked."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.store.cause import Cause
from services.checkout.orders import queries
from services.checkout.orders.http.status_poller import FRESH, StatusPoller
from services.checkout.orders.queries import OrderState
from services.checkout.payments.provider.protocol import (
    PaymentStatus,
    ProviderPayment,
    ProviderSilent,
)
from services.checkout.tests.builders import NOON, a_payment, terms
from services.checkout.tests.conftest import Shop, Visitor

BUYER = uuid4()
SILENT = ProviderSilent("timed out")


def an_order(shop: Shop, pass_id: UUID | None = None) -> UUID:
    """BUYER's order, with a payment form in front of them."""
    order_id = shop.buy(pass_id or shop.offer(terms(stock=1)).pass_id, BUYER)
    shop.ensure(order_id)
    return order_id


def told(shop: Shop, order_id: UUID) -> OrderState:
    return shop.store.query(lambda curs: queries.get_order(curs, order_id, BUYER, "pk"))


async def settled(http: httpx.AsyncClient, order_id: UUID) -> dict[str, Any]:
    answer = await Visitor(http, BUYER).ask("POST", f"/orders/{order_id}/settle")
    order: dict[str, Any] = answer.json()
    return order


async def end_hold(shop: Shop, minutes: int = 13) -> None:
    shop.pass_time(minutes=minutes)
    await shop.work()


# While the order is open


@pytest.mark.parametrize("status", ["awaiting", "challenged", "processing"])
async def test_the_return_page_learns_how_the_payment_stands_at_the_provider(
    shop: Shop, http: httpx.AsyncClient, status: str
) -> None:
    order_id = an_order(shop)
    shop.provider.tell("pi_1", status=PaymentStatus(status))

    order = await settled(http, order_id)

    assert (order["status"], order["at_provider"]) == ("open", status)


async def test_earlier_refusal_does_not_hide_a_pending_attempt(
    shop: Shop, http: httpx.AsyncClient
) -> None:
    order_id = an_order(shop)
    shop.provider.tell("pi_1", failure="ch_0", failure_code="insufficient_funds")
    shop.settle(order_id)
    shop.provider.tell("pi_1", status=PaymentStatus.PROCESSING, failure=None, failure_code=None)

    order = await settled(http, order_id)

    assert order["at_provider"] == "processing"


async def test_without_an_answer_nothing_is_known(shop: Shop, http: httpx.AsyncClient) -> None:
    order_id = an_order(shop)
    shop.provider.faults = [SILENT]

    order = await settled(http, order_id)

    assert (order["status"], order["at_provider"]) == ("open", None)


async def test_new_payment_request_clears_the_refusal(shop: Shop) -> None:
    order_id = shop.buy(shop.offer(terms(stock=1)).pass_id, BUYER)
    shop.provider.faults = [ProviderSilent("500", replayed=True)]

    shop.ensure(order_id)

    assert shop.count("checkout.payment.failed") == 1
    assert told(shop, order_id).failure_code is None


async def test_successful_card_clears_the_refusal(shop: Shop) -> None:
    order_id = an_order(shop)
    shop.provider.tell("pi_1", failure="ch_0", failure_code="insufficient_funds")
    shop.settle(order_id)
    assert told(shop, order_id).failure_code == "insufficient_funds"
    shop.provider.pay("pi_1")
    shop.settle(order_id)

    order = told(shop, order_id)

    assert (order.status, order.failure_code) == ("fulfilled", None)


# When the order is over


async def test_an_order_that_nobody_paid_is_settled_when_it_is_over(shop: Shop) -> None:
    order_id = an_order(shop)

    await end_hold(shop)

    order = told(shop, order_id)
    assert (order.status, order.unsettled) == ("expired", False)


async def test_an_order_is_unsettled_until_the_provider_tells_of_its_payment(shop: Shop) -> None:
    order_id = an_order(shop)
    shop.provider.pay("pi_1")
    shop.provider.faults = [SILENT] * 100

    await end_hold(shop)
    unknown = told(shop, order_id)
    shop.provider.faults = []
    await end_hold(shop)

    assert (unknown.status, unknown.unsettled, unknown.return_cause) == ("expired", True, None)
    assert (told(shop, order_id).status, told(shop, order_id).unsettled) == ("fulfilled", False)


async def test_payment_without_an_answer_is_unsettled_until_it_is_found(
    shop: Shop,
) -> None:
    order_id = shop.buy(shop.offer(terms(stock=1)).pass_id, BUYER)
    shop.provider.faults = [SILENT] * 100
    shop.ensure(order_id)

    await end_hold(shop)
    unknown = told(shop, order_id)
    shop.provider.faults = []
    await end_hold(shop)

    assert (unknown.status, unknown.unsettled) == ("expired", True)
    assert (told(shop, order_id).status, told(shop, order_id).unsettled) == ("expired", False)


async def test_payment_that_was_never_requested_is_impossible(shop: Shop) -> None:
    order_id = shop.buy(shop.offer(terms(stock=1)).pass_id, BUYER)

    await end_hold(shop)

    order = told(shop, order_id)
    assert (order.status, order.unsettled) == ("expired", False)


async def test_returning_payment_is_unsettled_with_its_cause(shop: Shop) -> None:
    pass_id = shop.offer(terms(stock=1)).pass_id
    late = an_order(shop, pass_id)
    await end_hold(shop)
    shop.buy(pass_id)
    shop.provider.pay("pi_1")
    shop.settle_again("pi_1")

    on_its_way = told(shop, late)
    await shop.work()
    back = told(shop, late)

    assert (on_its_way.status, on_its_way.unsettled) == ("expired", True)
    assert (back.status, back.unsettled) == ("returned", False)
    assert on_its_way.return_cause == back.return_cause == "sold_out"


async def test_resubmitted_form_shows_how_the_declined_order_ended(
    shop: Shop, http: httpx.AsyncClient
) -> None:
    body = {"pass_id": str(shop.offer(terms(stock=3)).pass_id)}
    buyer = Visitor(http, BUYER)
    first = (await buyer.ask("POST", "/orders", body, key="form")).json()
    shop.provider.tell("pi_1", failure="ch_0", failure_code="insufficient_funds")
    shop.settle(UUID(first["order_id"]))
    await end_hold(shop)

    again = await buyer.ask("POST", "/orders", body, key="form")

    assert again.status_code == 201
    assert (again.json()["order_id"], again.json()["status"]) == (first["order_id"], "expired")


# How often it is asked


@dataclass
class Bank:
    """Settles orders in the place of Payments, and counts how often it had to ask."""

    status: PaymentStatus = PaymentStatus.PROCESSING
    asked: int = 0
    silent: bool = False

    def settle_order(self, order_id: UUID, cause: Cause) -> Sequence[ProviderPayment]:
        self.asked += 1
        if self.silent:
            raise SILENT
        return [a_payment(order_id, self.status)]


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def poller(bank: Bank, clock: FixedClock) -> StatusPoller:
    return StatusPoller(bank, clock)  # type: ignore[arg-type]


async def test_tabs_that_look_together_ask_once(poller: StatusPoller, bank: Bank) -> None:
    order_id = uuid4()

    seen = await asyncio.gather(*(poller.look(order_id, Cause(uuid4())) for _ in range(20)))

    assert seen == [PaymentStatus.PROCESSING] * 20
    assert bank.asked == 1


async def test_quick_second_look_shares_the_first_answer(
    poller: StatusPoller, bank: Bank, clock: FixedClock
) -> None:
    order_id = uuid4()

    for _ in range(3):
        assert await poller.look(order_id, Cause(uuid4())) is PaymentStatus.PROCESSING
        clock.advance(0.3 * FRESH)

    assert bank.asked == 1


async def test_silent_order_is_retried_later_and_another_at_once(
    poller: StatusPoller, bank: Bank, clock: FixedClock
) -> None:
    order_id = uuid4()

    for _ in range(3):
        await poller.look(order_id, Cause(uuid4()))
        await poller.look(uuid4(), Cause(uuid4()))
        clock.advance(FRESH)

    assert bank.asked == 6
    assert len(poller.begun) == 2


async def test_clock_moved_back_does_not_stop_the_queue(
    poller: StatusPoller, bank: Bank, clock: FixedClock
) -> None:
    order_id = uuid4()

    await poller.look(order_id, Cause(uuid4()))
    clock.advance(-timedelta(hours=1))
    await poller.look(order_id, Cause(uuid4()))

    assert bank.asked == 2


async def test_shared_answer_hides_no_later_payment(
    poller: StatusPoller, bank: Bank, clock: FixedClock
) -> None:
    order_id = uuid4()
    bank.status = PaymentStatus.AWAITING

    own = await poller.look(order_id, Cause(uuid4()))
    bank.status = PaymentStatus.SUCCEEDED
    others = await poller.look(order_id, Cause(uuid4()))
    clock.advance(FRESH)
    later = await poller.look(order_id, Cause(uuid4()))

    assert (own, others, later) == (PaymentStatus.AWAITING, None, PaymentStatus.SUCCEEDED)


async def test_silent_request_is_not_repeated_at_once(poller: StatusPoller, bank: Bank) -> None:
    order_id, bank.silent = uuid4(), True

    seen = [await poller.look(order_id, Cause(uuid4())) for _ in range(3)]

    assert (seen, bank.asked) == ([None, None, None], 1)


async def test_early_look_does_not_delay_the_news_of_a_payment(
    shop: Shop, http: httpx.AsyncClient
) -> None:
    order_id = shop.buy(shop.offer(terms(stock=1)).pass_id, BUYER)
    await settled(http, order_id)
    shop.ensure(order_id)
    shop.provider.pay("pi_1")

    order = await settled(http, order_id)

    assert order["status"] == "fulfilled"


async def test_reloading_page_asks_the_provider_every_three_seconds(
    shop: Shop, http: httpx.AsyncClient
) -> None:
    order_id = an_order(shop)
    shop.provider.tell("pi_1", status=PaymentStatus.PROCESSING)
    shop.provider.asked.clear()

    answers = [await settled(http, order_id) for _ in range(5)]
    shop.pass_time(seconds=3)
    answers.append(await settled(http, order_id))

    assert {answer["at_provider"] for answer in answers} == {"processing"}
    assert shop.provider.asked == ["get", "get"]
