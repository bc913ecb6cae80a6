from itertools import permutations
from uuid import UUID, uuid4

import pytest

from services.checkout.memberships.refunds import REFUND
from services.checkout.orders.states import OrderStatus
from services.checkout.orders.use_cases import CLOSE_ORDER, HOLD_EXPIRES, RECONCILE_ORDER
from services.checkout.payments.charge import OrderNotFound, PaymentState
from services.checkout.payments.provider.protocol import (
    MovementKind,
    ProviderMovement,
    ProviderRefund,
)
from services.checkout.payments.use_cases import RETURN_PAYMENT
from services.checkout.reconciliation.daily_balance import DailyBalance
from services.checkout.reconciliation.discrepancy import Discrepancy
from services.checkout.stock.capacity import Capacity
from services.checkout.stock.inventory import PassNotFound, SoldOut
from services.checkout.stock.seat import Seat
from services.checkout.tests.builders import MINUTE, NOON, Shop, a_payment, free


def test_an_order_holds_a_seat_and_intends_a_payment() -> None:
    shop = Shop()
    pass_id = shop.offer(seats=1)

    order_id = shop.buy(pass_id)

    assert shop.told(order_id) == ["Opened"]
    assert shop.told_of_payment(order_id) == ["Requested"]
    assert shop.counters.counts(pass_id) == (1, 0)
    assert shop.due() == [CLOSE_ORDER, HOLD_EXPIRES]


def test_redelivered_command_opens_one_order() -> None:
    shop = Shop()
    pass_id = shop.offer(seats=5)
    command_id, person_id = uuid4(), uuid4()

    first = shop.checkout.orders.open_order(command_id, person_id, pass_id)
    second = shop.checkout.orders.open_order(command_id, person_id, pass_id)

    assert first == second
    assert shop.counters.counts(pass_id) == (1, 0)


def test_a_second_tab_gets_the_open_order_again() -> None:
    shop = Shop()
    pass_id = shop.offer(seats=5)
    person_id = uuid4()

    first = shop.buy(pass_id, person_id)
    second = shop.buy(pass_id, person_id)

    assert first == second
    assert shop.counters.counts(pass_id) == (1, 0)


def test_nothing_to_pay_is_bought_at_once() -> None:
    shop = Shop()
    pass_id = shop.offer(free(), seats=1)

    order_id = shop.buy(pass_id)

    assert shop.told(order_id) == ["Opened", "Fulfilled"]
    assert shop.counters.counts(pass_id) == (0, 1)
    assert shop.due() == []


def test_who_comes_when_all_seats_are_held_is_told_sold_out_and_nothing_is_written() -> None:
    shop = Shop()
    pass_id = shop.offer(seats=1)
    shop.buy(pass_id)
    before = len(shop.checkout.recorder.select_notifications(None, 10_000))

    with pytest.raises(SoldOut):
        shop.buy(pass_id)

    assert len(shop.checkout.recorder.select_notifications(None, 10_000)) == before


def test_a_pass_without_limit_is_never_sold_out() -> None:
    shop = Shop()
    pass_id = shop.offer(seats=None)

    orders = {shop.buy(pass_id) for _ in range(20)}

    assert len(orders) == 20


def test_an_unknown_pass_is_refused() -> None:
    with pytest.raises(PassNotFound):
        Shop().buy(uuid4())


def test_a_success_told_by_everyone_is_one_purchase() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer(seats=1))
    payment = a_payment(order_id)

    for _ in range(3):
        shop.checkout.orders.apply_provider_state(order_id, payment)

    assert shop.told(order_id).count("Fulfilled") == 1
    assert shop.due() == []


def test_whatever_the_order_of_hints_the_pass_is_bought_once() -> None:
    hints = ("awaiting", "challenged", "processing", "succeeded")
    for told in permutations(hints):
        shop = Shop()
        pass_id = shop.offer(seats=1)
        order_id = shop.buy(pass_id)

        for status in (*told, *told):
            shop.checkout.orders.apply_provider_state(order_id, a_payment(order_id, status))

        assert shop.told(order_id).count("Fulfilled") == 1
        assert shop.counters.counts(pass_id) == (0, 1)


def test_the_buyers_secret_is_kept_while_open_and_forgotten_after() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer())
    shop.checkout.orders.attach_payment(order_id, a_payment(order_id, "awaiting"))
    assert shop.reads.secrets == {"pi_1": "pi_1_secret"}

    shop.checkout.orders.apply_provider_state(order_id, a_payment(order_id))

    assert shop.reads.secrets == {}


def test_a_made_payment_is_looked_after_two_minutes_later() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer())

    shop.checkout.orders.attach_payment(order_id, a_payment(order_id, "awaiting"))

    (entry,) = [e for e in shop.schedule.entries if e.kind == RECONCILE_ORDER]
    assert entry.due_at == shop.clock.now() + 2 * MINUTE


def test_an_unpaid_order_gives_its_seat_back_when_the_hold_is_over() -> None:
    shop = Shop()
    pass_id = shop.offer(seats=1)
    order_id = shop.buy(pass_id)
    shop.clock.advance(10 * MINUTE)

    shop.checkout.orders.close_order(order_id)
    shop.checkout.orders.close_order(order_id)

    assert shop.told(order_id).count("Expired") == 1
    assert shop.counters.counts(pass_id) == (0, 0)


def test_a_hold_that_is_not_over_is_left_alone() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer(seats=1))

    shop.checkout.orders.close_order(order_id)

    assert shop.order(order_id).status == OrderStatus.OPEN


def test_a_late_success_takes_a_seat_when_one_is_left() -> None:
    shop = Shop()
    pass_id = shop.offer(seats=1)
    order_id = shop.buy(pass_id)
    shop.clock.advance(10 * MINUTE)
    shop.checkout.orders.close_order(order_id)

    shop.checkout.orders.apply_provider_state(order_id, a_payment(order_id))

    assert shop.order(order_id).status == OrderStatus.FULFILLED
    assert shop.counters.counts(pass_id) == (0, 1)
    seat = shop.checkout.repository.get(Seat.create_id(order_id))
    assert seat.state == "sold"


def test_a_late_success_without_a_seat_goes_back_in_full() -> None:
    shop = Shop()
    pass_id = shop.offer(seats=1)
    late = shop.buy(pass_id)
    shop.clock.advance(10 * MINUTE)
    shop.checkout.orders.close_order(late)
    shop.buy(pass_id)

    shop.checkout.orders.apply_provider_state(late, a_payment(late))
    shop.checkout.orders.apply_provider_state(late, a_payment(late))
    shop.checkout.payments.record_return(late, "pi_1", ProviderRefund("re_1", 1990))

    assert shop.payment(late).state == PaymentState.RETURNED
    assert shop.told_of_payment(late).count("RefundRequested") == 1
    assert [e.payload["cause"] for e in shop.schedule.entries if e.kind == RETURN_PAYMENT] == [
        "sold_out"
    ]


def test_a_second_charge_of_one_order_goes_back_by_itself() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer(seats=1))
    shop.checkout.orders.apply_provider_state(order_id, a_payment(order_id))

    shop.checkout.orders.apply_provider_state(
        order_id, a_payment(order_id, payment_intent_id="pi_2", attempt=2)
    )

    (entry,) = [e for e in shop.schedule.entries if e.kind == RETURN_PAYMENT]
    assert entry.payload["cause"] == "second_charge"
    assert shop.order(order_id).status == OrderStatus.FULFILLED


def test_a_late_success_of_who_has_bought_the_pass_meanwhile_goes_back() -> None:
    shop = Shop()
    pass_id = shop.offer(seats=5)
    person_id = uuid4()
    late = shop.buy(pass_id, person_id)
    shop.clock.advance(10 * MINUTE)
    shop.checkout.orders.close_order(late)
    second = shop.buy(pass_id, person_id)
    shop.checkout.orders.apply_provider_state(second, a_payment(second, payment_intent_id="pi_2"))

    shop.checkout.orders.apply_provider_state(late, a_payment(late))

    assert shop.told(late).count("Fulfilled") == 0
    assert shop.due().count(RETURN_PAYMENT) == 1
    assert shop.counters.counts(pass_id) == (0, 1)


def test_another_amount_than_the_orders_buys_nothing_and_goes_back() -> None:
    shop = Shop()
    pass_id = shop.offer(seats=1)
    order_id = shop.buy(pass_id)

    shop.checkout.orders.apply_provider_state(order_id, a_payment(order_id, amount_minor=1))

    assert shop.order(order_id).status == OrderStatus.EXPIRED
    assert shop.due().count(RETURN_PAYMENT) == 1
    assert shop.counters.counts(pass_id) == (0, 0)


def test_a_payment_that_can_not_be_made_lets_go_of_the_seat() -> None:
    shop = Shop()
    pass_id = shop.offer(seats=1)
    order_id = shop.buy(pass_id)

    shop.checkout.orders.give_up_payment(order_id, 1, "amount_too_small")
    shop.checkout.orders.give_up_payment(order_id, 1, "amount_too_small")

    assert shop.told_of_payment(order_id) == ["Requested", "Failed"]
    assert shop.told(order_id) == ["Opened", "Expired"]
    assert shop.counters.counts(pass_id) == (0, 0)


def test_the_middle_of_a_payment_extends_the_hold() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer(seats=1))
    shop.clock.advance(10 * MINUTE)

    shop.checkout.orders.extend_hold(order_id, a_payment(order_id, "challenged"))

    assert shop.order(order_id).held_until == shop.clock.now() + 10 * MINUTE


def test_redelivered_end_of_a_hold_extends_it_once() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer(seats=1))
    shop.clock.advance(10 * MINUTE)
    until = shop.clock.now() + 10 * MINUTE

    shop.checkout.orders.extend_hold(order_id, a_payment(order_id, "challenged"))
    shop.clock.advance(MINUTE)
    shop.checkout.orders.extend_hold(order_id, a_payment(order_id, "challenged"))

    assert (shop.order(order_id).held_until, shop.order(order_id).extensions) == (until, 1)


def test_who_stood_in_line_for_long_has_all_of_the_hold_to_pay() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer(seats=1))
    shop.clock.advance(9 * MINUTE)

    shop.checkout.orders.attach_payment(order_id, a_payment(order_id, "awaiting"))

    until = shop.clock.now() + 10 * MINUTE
    due = {entry.kind: entry.due_at for entry in shop.schedule.entries}
    assert shop.order(order_id).held_until == until
    assert shop.order(order_id).extensions == 0
    assert (due[CLOSE_ORDER], due[HOLD_EXPIRES]) == (until, until + 2 * MINUTE)


def test_a_payment_that_comes_soon_or_again_does_not_restart_the_hold() -> None:
    shop = Shop()
    soon, again = shop.buy(shop.offer()), shop.buy(shop.offer())
    held_until = shop.clock.now() + 10 * MINUTE
    shop.checkout.orders.attach_payment(
        again, a_payment(again, "awaiting", payment_intent_id="pi_2")
    )
    shop.clock.advance(MINUTE / 2)

    shop.checkout.orders.attach_payment(soon, a_payment(soon, "awaiting", payment_intent_id="pi_3"))
    shop.clock.advance(5 * MINUTE)
    second = a_payment(again, "awaiting", payment_intent_id="pi_4", attempt=2)
    shop.checkout.orders.attach_payment(again, second)

    assert shop.order(soon).held_until == shop.order(again).held_until == held_until


def test_a_payment_for_which_the_line_took_too_long_holds_no_seat() -> None:
    shop = Shop()
    pass_id = shop.offer(seats=1)
    order_id = shop.buy(pass_id)
    shop.clock.advance(10 * MINUTE)
    shop.checkout.orders.close_order(order_id)

    shop.checkout.orders.attach_payment(order_id, a_payment(order_id, "awaiting"))

    assert shop.order(order_id).status == OrderStatus.EXPIRED
    assert shop.counters.counts(pass_id) == (0, 0)
    assert shop.due() == [CLOSE_ORDER]


def test_a_full_refund_frees_the_seat_and_a_partial_one_does_not() -> None:
    shop = Shop()
    pass_id = shop.offer(seats=1)
    order_id = shop.buy(pass_id)
    shop.checkout.orders.apply_provider_state(order_id, a_payment(order_id))

    shop.checkout.refunds.record_refund(order_id, ProviderRefund("re_1", 1000))
    assert shop.counters.counts(pass_id) == (0, 1)
    shop.checkout.refunds.record_refund(order_id, ProviderRefund("re_2", 990))

    assert shop.counters.counts(pass_id) == (0, 0)
    assert shop.order(order_id).status == OrderStatus.FULFILLED
    assert shop.membership(order_id).is_refunded


def test_a_refund_from_the_dashboard_is_noticed_when_the_payment_is_looked_at() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer(seats=1))
    shop.checkout.orders.apply_provider_state(order_id, a_payment(order_id))
    looked_at = a_payment(order_id, refunds=(ProviderRefund("re_9", 1990),))

    shop.checkout.orders.apply_provider_state(order_id, looked_at)
    shop.checkout.orders.apply_provider_state(order_id, looked_at)

    assert shop.told_of_payment(order_id).count("Refunded") == 1
    assert shop.told_of_membership(order_id) == ["Started", "Ended"]


def test_a_refund_asked_for_twice_by_one_command_is_one_job() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer())
    shop.checkout.orders.apply_provider_state(order_id, a_payment(order_id))
    request_id = uuid4()

    shop.checkout.refunds.request_refund(request_id, order_id, 500, "creator")
    shop.checkout.refunds.request_refund(request_id, order_id, 500, "creator")

    assert shop.due() == [REFUND]
    assert shop.told_of_payment(order_id).count("RefundRequested") == 1


def test_an_unknown_order_is_not_found() -> None:
    with pytest.raises(OrderNotFound):
        Shop().checkout.orders.apply_provider_state(uuid4(), a_payment(uuid4()))


def test_capacity_below_what_is_taken_leaves_none_and_seats_that_return_vanish() -> None:
    shop = Shop()
    pass_id = shop.offer(free(), seats=3)
    for _ in range(3):
        shop.buy(pass_id)

    shop.checkout.stock.set_capacity(pass_id, 2, 1)

    with pytest.raises(SoldOut):
        shop.buy(pass_id)


def test_an_older_version_changes_no_capacity() -> None:
    shop = Shop()
    pass_id = shop.offer(free(), seats=1)

    shop.checkout.stock.set_capacity(pass_id, 1, 50)

    assert shop.counters.rows[pass_id][2] == 1
    assert shop.told(Capacity.create_id(pass_id, 1)) == ["Set"]


def test_from_a_snapshot_an_order_goes_on_as_from_its_events() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer(seats=1))
    shop.checkout.orders.attach_payment(order_id, a_payment(order_id, "awaiting"))
    from_events = shop.order(order_id)

    shop.checkout.take_snapshot(order_id)
    shop.checkout.orders.apply_provider_state(order_id, a_payment(order_id))

    assert shop.checkout.snapshots is not None
    (snapshot,) = shop.checkout.snapshots.get(order_id)
    assert snapshot.mutate(None).__dict__ == from_events.__dict__
    assert shop.order(order_id).status == OrderStatus.FULFILLED


def test_from_a_snapshot_a_membership_goes_on_as_from_its_events() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer(free(), seats=1))
    membership_id = shop.membership(order_id).id
    first, second = shop.membership(order_id).experience_ids
    shop.checkout.memberships.remove_experience(membership_id, first)
    from_events = shop.membership(order_id)

    shop.checkout.take_snapshot(membership_id)
    shop.checkout.memberships.remove_experience(membership_id, second)

    assert shop.checkout.snapshots is not None
    (snapshot,) = shop.checkout.snapshots.get(membership_id)
    assert snapshot.mutate(None).__dict__ == from_events.__dict__
    assert not shop.membership(order_id).is_live


def test_from_a_snapshot_a_payment_goes_on_as_from_its_events() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer(seats=1))
    shop.checkout.orders.apply_provider_state(order_id, a_payment(order_id))
    from_events = shop.payment(order_id)

    shop.checkout.take_snapshot(from_events.id)
    shop.checkout.refunds.record_refund(order_id, ProviderRefund("re_1", 1990))

    assert shop.checkout.snapshots is not None
    (snapshot,) = shop.checkout.snapshots.get(from_events.id)
    assert snapshot.mutate(None).__dict__ == from_events.__dict__
    assert shop.payment(order_id).refunds == {"re_1": 1990}


def test_after_a_cancelled_payment_another_one_is_requested() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer(seats=1))
    shop.checkout.orders.request_payment(order_id)
    shop.checkout.orders.apply_provider_state(order_id, a_payment(order_id, "cancelled"))

    shop.checkout.orders.request_payment(order_id)
    shop.checkout.orders.request_payment(order_id)

    attempts = [payment.attempt for payment in shop.checkout.payments.all_of(order_id)]
    assert attempts == [1, 2]


def test_a_payment_of_a_known_attempt_under_another_id_is_one_of_its_own() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer(seats=1))
    shop.checkout.orders.attach_payment(order_id, a_payment(order_id, "awaiting"))

    other = a_payment(order_id, "awaiting", payment_intent_id="pi_2", attempt=1)
    shop.checkout.orders.apply_provider_state(order_id, other)

    ids = [payment.payment_intent_id for payment in shop.checkout.payments.all_of(order_id)]
    assert ids == ["pi_1", "pi_2"]


def listed(order_id: UUID, says: MovementKind, movement_id: str = "pi_1") -> ProviderMovement:
    return ProviderMovement("any", says, "pi_1", movement_id, order_id, 1990, "EUR", NOON)


def test_what_a_list_says_and_nobody_told_is_settled_and_kept_once() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer(seats=1))
    payment = a_payment(order_id)

    first = shop.checkout.reconciliation.reconcile(listed(order_id, MovementKind.CAPTURED), payment)
    again = shop.checkout.reconciliation.reconcile(listed(order_id, MovementKind.CAPTURED), payment)

    assert (first, again) == (True, False)
    assert shop.order(order_id).status == OrderStatus.FULFILLED
    difference = Discrepancy.create_id("pi_1", "captured")
    (found,) = shop.checkout.events.get(difference)
    assert isinstance(found, Discrepancy.Found)
    assert (found.theirs, found.ours) == ("captured", "unknown")


def test_a_refund_that_a_list_says_of_what_is_on_its_way_back_is_no_difference() -> None:
    shop = Shop()
    pass_id = shop.offer(seats=1)
    late = shop.buy(pass_id)
    shop.clock.advance(10 * MINUTE)
    shop.checkout.orders.close_order(late)
    shop.buy(pass_id)
    shop.checkout.orders.apply_provider_state(late, a_payment(late))

    differs = shop.checkout.reconciliation.reconcile(
        listed(late, MovementKind.RETURNED, "re_1"), a_payment(late)
    )

    assert differs is False


def test_what_a_list_says_of_no_order_of_ours_is_refused() -> None:
    shop = Shop()

    with pytest.raises(OrderNotFound):
        shop.checkout.reconciliation.reconcile(
            listed(uuid4(), MovementKind.CAPTURED), a_payment(uuid4())
        )


def test_a_look_at_an_open_order_is_followed_by_another_and_at_a_settled_one_by_none() -> None:
    shop = Shop()
    order_id = shop.buy(shop.offer(seats=1))
    shop.checkout.orders.attach_payment(order_id, a_payment(order_id, "awaiting"))

    shop.checkout.orders.look_again(order_id, undecided=True)
    again = [e.due_at for e in shop.schedule.entries if e.kind == RECONCILE_ORDER]
    shop.checkout.orders.apply_provider_state(order_id, a_payment(order_id))
    shop.checkout.orders.look_again(order_id, undecided=False)

    assert again == [NOON + 5 * MINUTE]
    assert RECONCILE_ORDER not in shop.due()


def test_a_day_that_is_compared_twice_keeps_both_and_is_as_it_was_found_last() -> None:
    shop = Shop()
    sums = {"EUR": {"captured_theirs_minor": 1990, "captured_ours_minor": 0}}

    shop.checkout.reconciliation.balance_day("2026-06-01", sums, ["pi_1"])
    shop.checkout.reconciliation.balance_day("2026-06-01", {}, [])

    id_ = DailyBalance.create_id("2026-06-01")
    told = [type(event).__name__ for event in shop.checkout.events.get(id_)]
    balance: DailyBalance = shop.checkout.repository.get(id_)
    assert told == ["Opened", "Compared", "Compared"]
    assert balance.equal
