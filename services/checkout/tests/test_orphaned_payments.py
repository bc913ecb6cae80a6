"""Captured payments whose orders were lost with our log, since an older copy came back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.checkout.payments.provider.protocol import (
    PaymentStatus,
    ProviderPayment,
    ProviderSilent,
)
from services.checkout.reconciliation.runs.run import REFUND_ORPHANED_PAYMENT
from services.checkout.tests.builders import NOON
from services.checkout.tests.conftest import Shop
from services.checkout.tests.test_reconciliation import a_purchase, differences, refund_by_hand

DAY = NOON.date().isoformat()


def an_orphan(shop: Shop, **fields: Any) -> ProviderPayment:
    """A payment that we have made and that was captured; of its order our log knows nothing."""
    given = {"payment_intent_id": "pi_lost", "order_id": uuid4()} | fields
    payment = ProviderPayment(
        status=PaymentStatus.SUCCEEDED, amount_minor=1990, currency="EUR", **given
    )
    intent = payment.payment_intent_id
    shop.provider.payments[intent] = payment
    shop.provider.made_at |= dict.fromkeys((intent, f"ch_{intent}"), NOON)
    return shop.provider.tell(intent, charge_id=f"ch_{intent}")  # type: ignore[no-any-return]


async def an_hour_later(shop: Shop) -> None:
    shop.pass_time(hours=1)
    await shop.work()


def orphans(shop: Shop) -> list[dict[str, Any]]:
    return shop.rows("SELECT * FROM orphaned_payment_list ORDER BY payment_intent_id")


def have_returned(shop: Shop, intent: str = "pi_lost") -> None:
    """What `backstage reconcile --return` puts on the schedule."""
    payload, now = {"payment_intent_id": intent}, shop.clock.now()
    put = shop.store.schedule.at
    shop.store.work(shop.cause(), lambda: put(REFUND_ORPHANED_PAYMENT, intent, now, payload))


def calls(shop: Shop, what: str) -> int:
    return sum(asked.startswith(what) for asked in shop.provider.asked)


async def test_a_payment_of_ours_whose_order_was_lost_is_found_within_the_hour_and_once(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    a_purchase(shop)
    shop.schedule_runs()
    await shop.work()
    lost = an_orphan(shop)

    for _ in range(3):
        await an_hour_later(shop)

    (found,) = orphans(shop)
    assert (found["payment_intent_id"], found["order_id"]) == ("pi_lost", lost.order_id)
    assert (found["amount_minor"], found["currency"]) == (1990, "EUR")
    assert found["found_at"] == NOON + timedelta(hours=1)
    assert found["returned_at"] is None
    assert shop.count("checkout.orphaned_payment.found") == 1
    assert caplog.text.count("our log lacks its order") == 1
    assert differences(shop) == []
    assert calls(shop, "refund") == 0


async def test_the_lists_of_a_day_that_is_long_over_tell_of_one_as_well(shop: Shop) -> None:
    shop.schedule_runs()
    shop.pass_time(days=9)
    await shop.work()
    an_orphan(shop)

    for _ in range(3):
        shop.store.work(shop.cause(), shop.reconciler.step(DAY))
    await shop.work()

    assert [each["payment_intent_id"] for each in orphans(shop)] == ["pi_lost"]


@pytest.mark.parametrize(
    "fields",
    [{"order_id": None}, {"attempt": 0}, {"status": PaymentStatus.CANCELLED, "charge_id": None}],
    ids=["no order", "an order, but not our mark", "nothing captured"],
)
async def test_what_another_seller_took_or_nobody_paid_is_left_alone(
    shop: Shop, fields: dict[str, Any]
) -> None:
    lost = an_orphan(shop)
    shop.provider.payments["pi_lost"] = replace(lost, **fields)
    shop.schedule_runs()

    await an_hour_later(shop)

    assert orphans(shop) == []
    assert calls(shop, "get") == 0


async def test_redelivered_command_of_an_operator_refunds_it_once_and_in_full(
    shop: Shop,
) -> None:
    an_orphan(shop)
    refund_by_hand(shop, "pi_lost", 90)
    shop.schedule_runs()
    await an_hour_later(shop)

    have_returned(shop)
    await shop.work()
    shop.provider.by_key.clear()  # the provider remembers a key for a day
    have_returned(shop)
    await shop.work()

    refunds = shop.provider.payments["pi_lost"].refunds
    assert [refund.amount_minor for refund in refunds] == [90, 1900]
    (found,) = orphans(shop)
    assert (found["refund_id"], found["returned_at"]) == (refunds[-1].refund_id, shop.clock.now())
    assert shop.count("checkout.orphaned_payment.returned") == 1
    assert calls(shop, "refund return:pi_lost") == 1


async def test_a_return_whose_answer_was_cut_off_is_asked_for_before_it_is_made_again(
    shop: Shop,
) -> None:
    an_orphan(shop)
    shop.schedule_runs()
    await an_hour_later(shop)
    shop.provider.after = [ProviderSilent("cut off")]

    have_returned(shop)
    await shop.work()
    unknown = orphans(shop)[0]["returned_at"]
    shop.pass_time(minutes=1)
    await shop.work()

    assert unknown is None
    assert orphans(shop)[0]["returned_at"] == shop.clock.now()
    assert calls(shop, "refund return:pi_lost") == 1
    assert sum(r.amount_minor for r in shop.provider.payments["pi_lost"].refunds) == 1990


@pytest.mark.parametrize("before", [True, False], ids=["before it is found", "afterwards"])
async def test_what_went_back_on_the_dashboard_is_known_as_back(shop: Shop, before: bool) -> None:
    shop.schedule_runs()
    an_orphan(shop)
    if not before:
        await an_hour_later(shop)
    refund = refund_by_hand(shop, "pi_lost", 1990)

    await an_hour_later(shop)

    (found,) = orphans(shop)
    assert (found["refund_id"], found["returned_at"]) == (refund, shop.clock.now())
    assert calls(shop, "refund") == 0


async def test_a_purchase_of_ours_is_never_sent_back_as_a_stray_one(shop: Shop) -> None:
    order_id, intent = a_purchase(shop)

    have_returned(shop, intent)
    have_returned(shop, "pi_nobody_knows")
    await shop.work()

    assert shop.order(order_id)["status"] == "fulfilled"
    assert shop.provider.payments[intent].refunds == ()
    assert shop.rows("SELECT 1 FROM schedule WHERE kind = %s", REFUND_ORPHANED_PAYMENT) == []


async def test_one_whose_order_its_buyer_has_opened_again_stays(shop: Shop) -> None:
    """The same command makes the same order, and the same key finds the same payment."""
    order_id, intent = a_purchase(shop)
    shop.schedule_runs()
    lose_the_order(shop, order_id)
    await an_hour_later(shop)
    found = [each["payment_intent_id"] for each in orphans(shop)]
    bring_the_order_back(shop)

    have_returned(shop, intent)
    await shop.work()

    assert found == [intent]
    assert shop.provider.payments[intent].refunds == ()
    assert shop.row("SELECT status FROM order_list")["status"] == "fulfilled"


def test_a_payment_whose_order_we_have_is_kept_by_nobody_as_a_stray_one(shop: Shop) -> None:
    order_id, intent = a_purchase(shop)
    payment = shop.provider.payments[intent]

    assert not shop.store.work(
        shop.cause(),
        lambda: shop.checkout.reconciliation.record_orphaned_payment(order_id, payment),
    )
    assert orphans(shop) == []


_LOST = ("events", "order_list", "payment_list", "money_list")


def lose_the_order(shop: Shop, order_id: UUID) -> None:
    """As if the copy that came back were older than the order."""
    for table in _LOST:
        column = "originator_id" if table == "events" else "order_id"
        shop.rows(f"CREATE TABLE lost_{table} AS TABLE {table} WITH NO DATA")
        shop.rows(
            f"WITH gone AS (DELETE FROM {table} WHERE {column} = %s RETURNING *)"  # noqa: S608
            f" INSERT INTO lost_{table} SELECT * FROM gone",
            order_id,
        )


def bring_the_order_back(shop: Shop) -> None:
    for table in _LOST:
        back = f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM lost_{table}"  # noqa: S608
        shop.rows(back)
