"""However often and from wherever an order is paid for, it is charged once; real PostgreSQL."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.runtime.store.cause import Cause
from services.checkout.payments.provider.protocol import (
    PaymentRequest,
    PaymentStatus,
    ProviderPayment,
)
from services.checkout.tests.builders import NOON, terms
from services.checkout.tests.conftest import Shop
from services.checkout.tests.fakes import FakeProvider


def all_at_once(*ways: Callable[[], Any]) -> list[Any]:
    begin = Barrier(len(ways))

    def go(way: Callable[[], Any]) -> Any:
        begin.wait(timeout=20)
        return way()

    with ThreadPoolExecutor(len(ways)) as threads:
        return list(threads.map(go, ways))


def open_in_many_tabs(shop: Shop, pass_id: UUID, person_id: UUID) -> UUID:
    """A double click on the button of one tab, and another tab."""
    clicked, other = Cause(uuid4()), Cause(uuid4())

    def click(cause: Cause) -> str:
        return shop.store.execute(
            cause, lambda: shop.checkout.orders.open_order(cause.command_id, person_id, pass_id)
        )

    opened = all_at_once(*(lambda cause=c: click(cause) for c in (clicked, clicked, other)))
    (order_id,) = set(opened)
    return UUID(order_id)


def pay_in_many_tabs(shop: Shop, order_id: UUID) -> None:
    """Each tab wants a payment form, and whoever has one pays with it."""
    all_at_once(*[lambda: shop.ensure(order_id)] * 4)
    for payment in payments_of(shop, order_id):
        shop.provider.pay(payment.payment_intent_id)


def hear_from_everywhere(shop: Shop, order_id: UUID) -> None:
    """Return page, webhook, reconciler and the end of the hold come together."""
    intents = [payment.payment_intent_id for payment in payments_of(shop, order_id)]

    def record(look: Callable[[], Any]) -> None:
        found = look()
        if found is not None:
            shop.store.work(Cause(uuid4()), found)

    all_at_once(
        lambda: shop.settle(order_id),
        lambda: record(lambda: shop.charging.follow_hint(intents[0])),
        lambda: record(lambda: shop.charging.follow_hint(intents[-1])),
        lambda: record(lambda: shop.charging.look_and_again(order_id)),
        lambda: record(lambda: shop.charging.close(order_id)),
    )


def payments_of(shop: Shop, order_id: UUID) -> list[ProviderPayment]:
    return [p for p in shop.provider.payments.values() if p.order_id == order_id]


def charged_twice(shop: Shop) -> list[tuple[UUID | None, int]]:
    """The attempts of orders of which more than one payment succeeded."""
    succeeded = Counter(
        (payment.order_id, payment.attempt)
        for payment in shop.provider.payments.values()
        if payment.status is PaymentStatus.SUCCEEDED
    )
    return [attempt for attempt, times in succeeded.items() if times > 1]


@pytest.mark.parametrize("portion", range(5))
def test_concurrent_clicks_tabs_and_webhooks_charge_an_order_once(shop: Shop, portion: int) -> None:
    pass_id = shop.offer(terms(stock=20)).pass_id
    for _ in range(10):
        order_id = open_in_many_tabs(shop, pass_id, uuid4())
        pay_in_many_tabs(shop, order_id)
        hear_from_everywhere(shop, order_id)

        assert shop.order(order_id)["status"] == "fulfilled"

    assert charged_twice(shop) == []
    assert len(shop.provider.payments) == 10
    assert shop.count("checkout.payment.succeeded") == 10
    assert shop.count("checkout.order.fulfilled") == 10
    assert shop.stock(pass_id) == (20, 0, 10)


class WithoutKeys(FakeProvider):
    """The protection switched off: the same key makes another payment, and two ask at once."""

    def create(self, asked: PaymentRequest) -> ProviderPayment:
        self.two.wait(timeout=20)
        self.by_key.clear()
        return super().create(asked)

    two = Barrier(2)


def test_without_keys_a_double_click_would_be_charged_twice(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop(WithoutKeys(now=lambda: NOON))
    order_id = shop.buy(shop.offer(terms(stock=1)).pass_id)

    all_at_once(*[lambda: shop.ensure(order_id)] * 2)
    for payment in payments_of(shop, order_id):
        shop.provider.pay(payment.payment_intent_id)

    assert charged_twice(shop) == [(order_id, 1)]
