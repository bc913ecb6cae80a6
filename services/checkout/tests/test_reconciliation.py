"""What nobody told us of is found in the provider's own lists; real PostgreSQL."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from typing_extensions import override

from libs.runtime.store.cause import Cause
from services.checkout.flows import talking_to
from services.checkout.payments.provider.protocol import (
    PaymentStatus,
    ProviderMovement,
    ProviderPayment,
    ProviderRefund,
    ProviderSilent,
)
from services.checkout.reconciliation import queries
from services.checkout.reconciliation.runs.lists import Reconciler
from services.checkout.reconciliation.runs.run import (
    BALANCE_DAY,
    EVERY,
    RECONCILE_LISTS,
    RECONCILE_REFUNDS,
    SETTLE_MOVEMENT,
)
from services.checkout.tests.builders import NOON, terms
from services.checkout.tests.conftest import Shop

SILENT = ProviderSilent("timed out")
DAY = NOON.date().isoformat()


def an_order(shop: Shop, pass_id: UUID | None = None) -> tuple[UUID, str]:
    """An order that can be paid, and the provider's id of its payment."""
    order_id = shop.buy(pass_id or shop.offer(terms(stock=5)).pass_id)
    shop.ensure(order_id)
    rows = shop.rows("SELECT payment_intent_id FROM payment_list WHERE order_id = %s", order_id)
    return order_id, rows[0]["payment_intent_id"]


def a_purchase(shop: Shop) -> tuple[UUID, str]:
    order_id, intent = an_order(shop)
    shop.provider.pay(intent)
    shop.settle(order_id)
    return order_id, intent


def refund_by_hand(shop: Shop, intent: str, amount_minor: int) -> str:
    refunds = shop.provider.payments[intent].refunds
    refund = ProviderRefund(f"re_{intent}_{len(refunds)}", amount_minor)
    shop.provider.tell(intent, refunds=(*refunds, refund))
    return refund.refund_id


def forget_to_look(shop: Shop) -> None:
    """The looks at open orders and the end of the hold are switched off: the lists are left."""
    shop.rows("DELETE FROM schedule WHERE kind NOT IN (%s, %s)", RECONCILE_LISTS, BALANCE_DAY)


def differences(shop: Shop) -> list[tuple[str, str, str]]:
    found = shop.rows(
        "SELECT convert_from(state, 'UTF8')::jsonb AS said FROM events"
        " WHERE topic = 'checkout.discrepancy.found' ORDER BY notification_id"
    )
    return [tuple(row["said"][n] for n in ("movement_id", "theirs", "ours")) for row in found]


def due(shop: Shop, kind: str, key: str = "all") -> Any:
    return shop.row("SELECT due_at FROM schedule WHERE kind = %s AND key = %s", kind, key)["due_at"]


def reached(shop: Shop, name: str = "hourly") -> Any:
    return shop.row("SELECT reached FROM reconciliation WHERE round = %s", name)["reached"]


# Every five minutes


async def test_an_open_order_is_looked_at_after_two_minutes_and_then_every_five(shop: Shop) -> None:
    order_id, intent = an_order(shop)

    shop.pass_time(minutes=2)
    await shop.work()
    shop.provider.pay(intent)
    shop.pass_time(minutes=4, seconds=59)
    await shop.work()
    early = shop.order(order_id)["status"]
    shop.pass_time(seconds=1)
    await shop.work()

    assert early == "open"
    assert shop.order(order_id)["status"] == "fulfilled"
    assert shop.rows("SELECT 1 FROM schedule WHERE kind = 'reconcile_order'") == []


async def test_looking_again_ends_with_the_order_and_never_stacks_up(shop: Shop) -> None:
    an_order(shop)

    for _ in range(12):
        shop.pass_time(minutes=1)
        await shop.work()
        assert len(shop.rows("SELECT 1 FROM schedule WHERE kind = 'reconcile_order'")) <= 1

    assert shop.provider.asked.count("get") == 3  # after 2 and 7 minutes, and to cancel it
    assert shop.rows("SELECT kind FROM schedule") == []


async def test_a_silent_provider_is_looked_at_again_by_the_schedules_own_patience(
    shop: Shop,
) -> None:
    order_id, intent = an_order(shop)
    shop.provider.pay(intent)
    shop.provider.faults = [SILENT]

    shop.pass_time(minutes=2)
    await shop.work()
    silent = shop.order(order_id)["status"]
    shop.pass_time(seconds=1)
    await shop.work()

    assert silent == "open"
    assert shop.order(order_id)["status"] == "fulfilled"


# Every hour


async def test_a_captured_payment_that_nobody_looks_at_is_found_in_the_lists(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    order_id, intent = an_order(shop)
    shop.provider.pay(intent)
    forget_to_look(shop)
    shop.schedule_runs()

    await shop.work()
    young = shop.order(order_id)["status"]
    shop.pass_time(hours=1)
    await shop.work()

    assert young == "open"
    assert shop.order(order_id)["status"] == "fulfilled"
    assert differences(shop) == [(intent, "captured", "created")]
    assert "we had missed" in caplog.text
    assert shop.provider.asked.count("get") == 1


async def test_a_round_that_an_operator_asks_for_leaves_nothing_to_the_webhooks(
    shop: Shop,
) -> None:
    order_id, intent = an_order(shop)
    shop.provider.pay(intent)
    forget_to_look(shop)
    shop.schedule_runs()
    await shop.work()
    shop.pass_time(seconds=1)

    at, put = shop.clock.now(), shop.store.schedule.at
    shop.store.work(shop.cause(), lambda: put(RECONCILE_LISTS, EVERY, at, {"up_to_now": True}))
    await shop.work()

    assert shop.order(order_id)["status"] == "fulfilled"
    assert reached(shop) == at
    assert due(shop, RECONCILE_LISTS) == at + timedelta(hours=1, minutes=2)


async def test_a_payment_whose_id_never_reached_us_is_found_by_the_order_it_names(
    shop: Shop,
) -> None:
    order_id = shop.buy(shop.offer(terms(stock=1)).pass_id)
    shop.provider.after = [SILENT]
    shop.ensure(order_id)
    shop.provider.pay("pi_1")
    forget_to_look(shop)
    shop.schedule_runs()
    shop.pass_time(minutes=3)

    await shop.work()

    assert shop.order(order_id)["status"] == "fulfilled"
    assert differences(shop) == [("pi_1", "captured", "unknown")]


@pytest.mark.parametrize(
    ("parts", "status"), [((1990,), "refunded"), ((500,), "fulfilled"), ((500, 1490), "refunded")]
)
async def test_a_refund_on_the_dashboard_without_a_webhook_is_found_within_the_hour(
    shop: Shop, parts: tuple[int, ...], status: str
) -> None:
    order_id, intent = a_purchase(shop)
    shop.schedule_runs()
    await shop.work()
    refunds = [refund_by_hand(shop, intent, part) for part in parts]

    shop.pass_time(hours=1)
    await shop.work()

    assert shop.order(order_id)["status"] == status
    assert shop.order(order_id)["refunded_minor"] == sum(parts)
    assert shop.count("checkout.payment.refunded") == len(parts)
    # Whichever is settled first settles the others as well.
    ((movement, *said),) = differences(shop)
    assert movement in refunds
    assert said == ["returned", "succeeded"]


@pytest.mark.parametrize("days_away", [0, 45])
async def test_a_refund_that_a_bank_gives_back_weeks_later_is_found_within_a_day(
    shop: Shop, days_away: int
) -> None:
    """Nobody tells of it, and the checkout may have been away meanwhile: see the days that it was
    not there, in which the bank could still change its mind."""
    order_id, intent = a_purchase(shop)
    shop.schedule_runs()
    refund_id = refund_by_hand(shop, intent, 1990)
    shop.settle_again(intent)
    refunded = shop.order(order_id)["status"]
    await days(shop, 20)

    shop.provider.fail_refund(intent, refund_id)
    shop.pass_time(days=days_away)
    await days(shop, 1)

    order = shop.order(order_id)
    assert (refunded, order["status"], order["refunded_minor"]) == ("refunded", "fulfilled", 0)
    assert shop.count("checkout.payment.refund_failed") == 1
    assert differences(shop) == [(refund_id, "refund_failed", "succeeded")]
    asked = len(shop.provider.asked)
    await days(shop, 2)
    assert {a.split()[0] for a in shop.provider.asked[asked:]} == {"list"}


async def test_a_return_that_a_bank_gives_back_weeks_later_is_made_again(shop: Shop) -> None:
    last_one = shop.offer(terms(stock=1)).pass_id
    _, intent = an_order(shop, last_one)
    shop.schedule_runs()
    shop.pass_time(minutes=30)
    await shop.work()
    an_order(shop, last_one)
    shop.provider.pay(intent)
    shop.settle_again(intent)
    await shop.work()
    (refund,) = shop.provider.payments[intent].refunds
    await days(shop, 20)

    shop.provider.fail_refund(intent, refund.refund_id)
    await days(shop, 1)
    await days(shop, 1)

    (again,) = shop.provider.payments[intent].refunds
    assert again.refund_id != refund.refund_id
    states = shop.rows("SELECT state FROM payment_list WHERE payment_intent_id = %s", intent)
    assert states == [{"state": "returned"}]


async def test_the_round_over_refunds_goes_page_by_page_and_no_further_back_than_banks_do(
    shop: Shop,
) -> None:
    for _ in range(5):
        _, intent = a_purchase(shop)
        refund_by_hand(shop, intent, 90)
        shop.settle_again(intent)
    shop.schedule_runs()
    shop.rows("DELETE FROM schedule WHERE kind <> %s", RECONCILE_REFUNDS)
    asked = len(shop.provider.asked)

    await days(shop, 1)
    pages = len(shop.provider.asked) - asked
    for _ in range(75):
        await days(shop, 1)
    asked = len(shop.provider.asked)
    await days(shop, 1)

    assert pages == 3
    assert len(shop.provider.asked) - asked == 1
    assert reached(shop, "refunds") == shop.clock.now() - timedelta(minutes=2)


async def days(shop: Shop, number: int) -> None:
    """Days go by, with a little more for what is put off until then."""
    shop.pass_time(days=number, minutes=3)
    await shop.work()


async def test_a_payment_that_was_cancelled_elsewhere_is_known_as_cancelled(shop: Shop) -> None:
    _, intent = an_order(shop)
    forget_to_look(shop)
    shop.provider.tell(intent, status=PaymentStatus.CANCELLED)
    shop.schedule_runs()
    shop.pass_time(minutes=3)

    await shop.work()

    assert shop.row("SELECT state FROM payment_list")["state"] == "cancelled"
    assert differences(shop) == [(intent, "cancelled", "created")]


async def test_payments_that_are_not_ours_and_those_that_we_know_are_passed_over(
    shop: Shop,
) -> None:
    a_purchase(shop)
    for number, order_id in enumerate((None, uuid4())):
        stranger = ProviderPayment(
            f"pi_x{number}", PaymentStatus.SUCCEEDED, 500, "EUR", order_id, 0
        )
        shop.provider.payments[stranger.payment_intent_id] = stranger
        shop.provider.made_at[stranger.payment_intent_id] = NOON
        shop.provider.tell(stranger.payment_intent_id, charge_id=f"ch_x{number}")
    asked = len(shop.provider.asked)
    shop.schedule_runs()
    shop.pass_time(minutes=3)

    await shop.work()

    assert {a.split()[0] for a in shop.provider.asked[asked:]} == {"list"}
    assert differences(shop) == []


async def test_a_provider_that_falls_silent_in_the_middle_keeps_the_cursor_where_it_is(
    shop: Shop,
) -> None:
    orders = [an_order(shop) for _ in range(5)]
    for _, intent in orders:
        shop.provider.pay(intent)
    forget_to_look(shop)
    shop.schedule_runs()
    before = reached(shop)
    shop.pass_time(minutes=3)

    await shop.worker.run_due()  # the first page of three
    shop.provider.faults = [SILENT] * 3  # the second page, and two payments of the first
    await shop.work()
    settled = shop.count("checkout.order.fulfilled")
    in_the_middle = reached(shop)
    shop.pass_time(minutes=1)
    await shop.work()

    assert settled == 0
    assert in_the_middle == before
    assert reached(shop) == NOON + timedelta(minutes=1)
    assert {shop.order(order_id)["status"] for order_id, _ in orders} == {"fulfilled"}
    assert len(differences(shop)) == 5


async def test_a_payment_that_can_not_be_settled_holds_up_no_other_and_is_settled_in_the_end(
    shop: Shop,
) -> None:
    orders = [an_order(shop) for _ in range(4)]
    for _, intent in orders:
        shop.provider.pay(intent)
    forget_to_look(shop)
    shop.schedule_runs()
    poison_id, poison = orders[-1]
    mend = poisoned(shop, poison)

    shop.pass_time(hours=1)
    await shop.work()
    others = {shop.order(order_id)["status"] for order_id, _ in orders[:-1]}
    tries = [set_aside(shop)["attempts"]]
    for _ in range(3):
        shop.pass_time(hours=1)
        await shop.work()
        tries.append(set_aside(shop)["attempts"])
    reached_meanwhile = reached(shop)
    mend()
    shop.pass_time(minutes=5)
    await shop.work()

    assert others == {"fulfilled"}
    # Three runs have met it again, and none has restarted it.
    assert tries == [1, 2, 3, 4]
    assert reached_meanwhile == NOON + timedelta(hours=3, minutes=58)
    assert shop.order(poison_id)["status"] == "fulfilled"
    assert (poison, "captured", "created") in differences(shop)
    assert shop.rows("SELECT 1 FROM schedule WHERE kind = %s", SETTLE_MOVEMENT) == []


async def test_a_round_that_settles_by_itself_stops_at_the_payment_that_can_not_be_settled(
    shop: Shop,
) -> None:
    """The positive control."""
    orders = [an_order(shop) for _ in range(4)]
    for _, intent in orders:
        shop.provider.pay(intent)
    forget_to_look(shop)
    shop.schedule_runs()
    poisoned(shop, orders[-1][1])
    mutant = talking_to(shop.provider, shop.store, reconciler=SettlesWhatItMeets)
    shop.employ(mutant)

    for _ in range(4):
        shop.pass_time(hours=1)
        await shop.work()

    assert reached(shop) == NOON - timedelta(days=3)
    assert {shop.order(order_id)["status"] for order_id, _ in orders} == {"open"}


class SettlesWhatItMeets(Reconciler):
    """Settles all of a page in the step that has met it, as if nothing could go wrong."""

    @override
    def _put_unknown(self, listed: Sequence[ProviderMovement]) -> None:
        unknown = self._store.query(lambda curs: queries.list_unknown(curs, listed, ""))
        for each in unknown:
            self.settle(asdict(each))()


def poisoned(shop: Shop, poison: str) -> Callable[[], None]:
    """Whoever asks for this payment gets a fault, until it is mended."""
    original = shop.provider.get

    def get(intent: str) -> ProviderPayment:
        if intent == poison:
            raise ValueError("an answer that nobody has ever seen")
        return original(intent)  # type: ignore[no-any-return]

    def mend() -> None:
        shop.provider.get = original

    shop.provider.get = get
    return mend


def set_aside(shop: Shop) -> dict[str, Any]:
    return shop.row("SELECT * FROM schedule WHERE kind = %s", SETTLE_MOVEMENT)


async def test_a_payment_that_names_another_of_our_orders_stays_with_the_one_that_has_it(
    shop: Shop,
) -> None:
    (order_id, intent), (other_id, _) = an_order(shop), an_order(shop)
    shop.provider.pay(intent)
    shop.provider.tell(intent, order_id=other_id)  # on the dashboard
    forget_to_look(shop)
    shop.schedule_runs()

    for _ in range(3):
        shop.pass_time(hours=1)
        await shop.work()
    shop.settle_again(intent)  # a webhook speaks of it as well

    assert shop.order(order_id)["status"] == "fulfilled"
    assert shop.order(other_id)["status"] == "open"
    assert differences(shop) == [(intent, "captured", "created")]
    assert shop.provider.payments[intent].refunds == ()
    assert shop.rows("SELECT 1 FROM schedule WHERE last_error IS NOT NULL") == []


async def test_two_processes_on_the_same_round_record_it_once(shop: Shop) -> None:
    order_id, intent = an_order(shop)
    shop.provider.pay(intent)
    forget_to_look(shop)
    shop.schedule_runs()
    shop.pass_time(minutes=3)

    def go_through(_: int) -> None:
        for _ in range(4):
            record = shop.reconciler.step()
            shop.store.work(Cause(uuid4()), record)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(go_through, range(4)))
    await shop.work()

    assert shop.count("checkout.order.fulfilled") == 1
    assert differences(shop) == [(intent, "captured", "created")]
    assert shop.order(order_id)["status"] == "fulfilled"
    assert len(shop.rows("SELECT 1 FROM schedule WHERE kind = %s", RECONCILE_LISTS)) == 1


async def test_a_step_asks_for_one_page_alone_and_each_payment_for_itself(shop: Shop) -> None:
    orders = [an_order(shop) for _ in range(13)]
    for _, intent in orders:
        shop.provider.pay(intent)
    forget_to_look(shop)
    shop.provider.page_size = 100
    shop.schedule_runs()
    shop.pass_time(minutes=3)
    asked = len(shop.provider.asked)

    await shop.worker.run_due()
    in_one_step = shop.provider.asked[asked:]
    await shop.work()

    assert in_one_step == ["list payments"]
    assert shop.count("checkout.order.fulfilled") == 13
    in_all = [a.split()[0] for a in shop.provider.asked[asked:]]
    assert (in_all.count("list"), in_all.count("get")) == (3, 13)


async def test_a_clock_that_was_a_day_ahead_does_not_switch_the_round_off(shop: Shop) -> None:
    shop.schedule_runs()
    shop.pass_time(days=1)
    await shop.work()
    shop.pass_time(days=-1)
    order_id, intent = an_order(shop)
    shop.provider.pay(intent)
    forget_to_look(shop)
    shop.pass_time(hours=4)
    await shop.work()
    ahead = reached(shop)

    shop.schedule_runs()  # as whoever sets the clock right starts the services again
    await shop.work()

    assert ahead == NOON + timedelta(days=1, minutes=-2)
    assert shop.order(order_id)["status"] == "fulfilled"
    assert reached(shop) == shop.clock.now() - timedelta(minutes=2)
    assert due(shop, RECONCILE_LISTS) == shop.clock.now() + timedelta(hours=1)


async def test_a_round_that_began_while_the_clock_was_ahead_begins_anew(shop: Shop) -> None:
    shop.schedule_runs()
    await shop.work()
    shop.pass_time(days=1)
    await shop.worker.run_due()
    shop.pass_time(days=-1)
    order_id, intent = an_order(shop)
    shop.provider.pay(intent)
    forget_to_look(shop)
    shop.pass_time(hours=4)

    shop.schedule_runs()
    await shop.work()

    assert shop.order(order_id)["status"] == "fulfilled"
    assert reached(shop) == shop.clock.now() - timedelta(minutes=2)


async def test_a_round_begins_two_hours_before_the_last_one_ended_and_comes_every_hour(
    shop: Shop,
) -> None:
    shop.schedule_runs()
    first = reached(shop)
    await shop.work()

    ended, next_one = reached(shop), due(shop, RECONCILE_LISTS)
    shop.schedule_runs()

    assert first == NOON - timedelta(days=3)
    assert ended == NOON - timedelta(minutes=2)
    assert next_one == NOON + timedelta(hours=1)
    assert due(shop, RECONCILE_LISTS) == next_one  # a restart neither hurries nor delays it
