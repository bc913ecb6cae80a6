"""The webhooks of one payment's life, in any order, twice, or missing; real PostgreSQL.

What is fetched for a hint is the payment as it stood when the hint was made: an older state after a
newer one, which is worse than what Stripe answers.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from services.checkout.payments.provider.protocol import (
    PaymentStatus,
    ProviderPayment,
    ProviderRefund,
    ProviderSilent,
)
from services.checkout.payments.provider.protocol import WebhookEvent as Hint
from services.checkout.tests.builders import terms
from services.checkout.tests.conftest import Shop

LIFE: Final = (
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.canceled",
    "payment_intent.succeeded",
    "charge.refunded",
    "refund.updated",
)
ORDERS: Final = list(permutations(LIFE))
# All 720 take over a minute.
SOME: Final = random.Random(720).sample(ORDERS, 120)  # noqa: S311 - which orders are tried
PORTIONS: Final = [SOME[begin : begin + 20] for begin in range(0, len(SOME), 20)]


def life_of(made: ProviderPayment, *, refund_fails: bool) -> dict[str, ProviderPayment]:
    """The payment as it stood at each of the hints."""
    charged = replace(made, charge_id="ch_1")
    paid = replace(charged, status=PaymentStatus.SUCCEEDED)
    refund = ProviderRefund(f"re_{made.payment_intent_id}", 500)
    failed = replace(refund, failure="expired_or_canceled_card")
    back, not_back = replace(paid, refunds=(refund,)), replace(paid, failed_refunds=(failed,))
    return dict(
        zip(
            LIFE,
            (
                replace(made, failure="ch_0", failure_code="insufficient_funds"),
                replace(charged, status=PaymentStatus.PROCESSING),
                replace(charged, status=PaymentStatus.CANCELLED),
                paid,
                back,
                not_back if refund_fails else back,
            ),
            strict=True,
        )
    )


async def live(
    shop: Shop, hints: Sequence[str], *, refund_fails: bool = True, fault_at: int | None = None
) -> UUID:
    """An order is paid; its hints come in that order, each twice, one of them with a fault."""
    order_id = shop.buy(shop.offer(terms(stock=1)).pass_id)
    shop.ensure(order_id)
    intent = f"pi_{len(shop.provider.payments)}"
    life = life_of(shop.provider.payments[intent], refund_fails=refund_fails)
    for place, type_ in enumerate(hints):
        hint = Hint(f"evt_{uuid4().hex}", type_, intent, "{}")
        shop.provider.payments[intent] = life[type_]
        if place == fault_at:
            shop.provider.faults = [ProviderSilent("timed out")]
        for each in (hint, hint, replace(hint, event_id=f"{hint.event_id}_again")):
            await shop.webhooks.receive(each)
        await shop.work()
    shop.provider.payments[intent] = life[LIFE[-1]]
    return order_id


async def look(shop: Shop) -> None:
    """The looks of two minutes after, and what waits after a fault."""
    shop.pass_time(minutes=2)
    await shop.work()


def rows_of(shop: Shop, order_id: UUID) -> list[Any]:
    """All that is known of an order in the end, but for its ids, times and number of events."""
    names = ("status", "failure_code", "refunded_minor", "refund_failure", "extensions")
    order = {name: shop.order(order_id)[name] for name in names}
    payments = shop.rows("SELECT attempt, state FROM payment_list WHERE order_id = %s", order_id)
    money = shop.rows(
        "SELECT kind, amount_minor, currency FROM money_list WHERE order_id = %s ORDER BY 1",
        order_id,
    )
    stock = shop.stock(shop.order(order_id)["pass_id"])
    unhandled = shop.rows("SELECT 1 FROM webhook_inbox WHERE handled_at IS NULL")
    return [order, payments, money, stock, unhandled]


FAILED_IN_THE_END: Final = [
    {
        "status": "fulfilled",
        "failure_code": None,
        "refunded_minor": 0,
        "refund_failure": "expired_or_canceled_card",
        "extensions": 0,
    },
    [{"attempt": 1, "state": "succeeded"}],
    [{"kind": "captured", "amount_minor": 1990, "currency": "EUR"}],
    (1, 0, 1),
    [],
]


@pytest.mark.parametrize("portion", PORTIONS, ids=range(len(PORTIONS)))
async def test_redelivered_webhooks_in_any_order_end_the_same(
    shop: Shop, portion: Sequence[Sequence[str]]
) -> None:
    for hints in portion:
        order_id = await live(shop, hints)

        assert rows_of(shop, order_id) == FAILED_IN_THE_END, hints


async def test_missing_webhook_changes_nothing(shop: Shop) -> None:
    in_order = await live(shop, LIFE, refund_fails=False)
    for dropped in LIFE:
        order_id = await live(shop, [h for h in LIFE if h != dropped], refund_fails=False)
        await look(shop)

        assert rows_of(shop, order_id) == rows_of(shop, in_order), dropped
    assert shop.order(in_order)["refunded_minor"] == 500


async def test_success_without_a_webhook_is_found_by_the_check(shop: Shop) -> None:
    told = await live(shop, LIFE[:4], refund_fails=False)
    untold = await live(shop, (), refund_fails=False)
    await look(shop)

    assert shop.order(told)["status"] == shop.order(untold)["status"] == "fulfilled"


@pytest.mark.parametrize("fault_at", range(len(LIFE)))
async def test_fault_at_any_webhook_changes_nothing_in_the_end(shop: Shop, fault_at: int) -> None:
    order_id = await live(shop, LIFE, fault_at=fault_at)
    noted = shop.rows("SELECT 1 FROM webhook_inbox WHERE error IS NOT NULL")
    await look(shop)

    assert len(noted) == 1
    assert rows_of(shop, order_id) == FAILED_IN_THE_END


async def test_missing_webhooks_without_a_check_would_be_seen(shop: Shop) -> None:
    """The control: nobody looks, and all that tells of the refund is dropped."""
    in_order = await live(shop, LIFE, refund_fails=False)
    order_id = await live(shop, LIFE[:4], refund_fails=False)

    assert rows_of(shop, order_id) != rows_of(shop, in_order)
