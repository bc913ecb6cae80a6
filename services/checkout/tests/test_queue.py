"""The line by itself: no threads, no provider, and time is what the test says."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.checkout.payments.provider.protocol import Asked
from services.checkout.payments.queue.limit import SlidingWindowLimit
from services.checkout.payments.queue.queue import Queue, QueuePosition
from services.checkout.tests.builders import NOON

HOLD_S = 600.0


def a_line(per_s: float = 10, concurrency: int = 100) -> Queue[str]:
    return Queue(SlidingWindowLimit(per_s), concurrency)


def people(queue: Queue[str], count: int, now: float = 0.0, **more: bool) -> list[UUID]:
    """So many orders, opened a millisecond after one another, in the order of opening."""
    ids = [uuid4() for _ in range(count)]
    for number, order_id in enumerate(ids):
        opened_at = NOON + timedelta(seconds=now, milliseconds=number)
        queue.join(order_id, f"buyer {number}", opened_at, now + HOLD_S, **more)
    return ids


def let_in(queue: Queue[str], now: float) -> list[UUID]:
    found = []
    while (entry := queue.next(now)) is not None:
        found.append(entry[0])
    return found


def run(
    queue: Queue[str], until: float, outcome: Asked = Asked.ANSWERED, now: float = 0.0
) -> list[UUID]:
    """Let in whoever may go, as the alarm says; each ends at once. In the order of going in."""
    found: list[UUID] = []
    while now < until:
        for order_id in let_in(queue, now):
            found.append(order_id)
            queue.ended(order_id, outcome, now)
        at = queue.next_at(now)
        if at is None:
            break
        now = max(at, now + 0.001)
    return found


def test_buyer_at_an_empty_queue_is_admitted_at_once() -> None:
    queue = a_line()
    [order_id] = people(queue, 1)

    assert queue.next(0.0) == (order_id, "buyer 0")


def test_one_second_of_tokens_is_admitted_at_once_and_the_rest_evenly() -> None:
    queue = a_line(per_s=10)
    ids = people(queue, 25)

    assert let_in(queue, 0.0) == ids[:10]
    assert let_in(queue, 0.99) == []
    assert let_in(queue, 1.0) == ids[10:11]
    assert let_in(queue, 1.1) == ids[11:12]


def test_waiters_are_admitted_in_the_order_of_opening() -> None:
    queue = a_line(per_s=10)
    ids = [uuid4() for _ in range(60)]
    for number in reversed(range(60)):
        opened_at = NOON + timedelta(milliseconds=number)
        queue.join(ids[number], "", opened_at, HOLD_S)

    assert run(queue, until=20.0) == ids


def test_reserved_place_is_not_overtaken() -> None:
    queue = a_line()
    first, second = queue.arrive(), queue.arrive()
    ids = [uuid4(), uuid4()]

    queue.join(ids[1], "", NOON + timedelta(seconds=1), HOLD_S, arrival=second)
    assert queue.next(0.0) is None
    place = queue.position_of(ids[1], 0.0)
    queue.join(ids[0], "", NOON, HOLD_S, arrival=first)
    queue.arrived(first)
    queue.arrived(second)

    assert place is not None
    assert place.ahead == 1
    assert let_in(queue, 0.0) == ids


def test_buyer_with_nothing_to_pay_delays_nobody() -> None:
    queue = a_line()
    first, second = queue.arrive(), queue.arrive()
    order_id = uuid4()
    queue.join(order_id, "", NOON, HOLD_S, arrival=second)

    queue.arrived(first)

    assert let_in(queue, 0.0) == [order_id]


def test_joining_again_keeps_the_place() -> None:
    queue = a_line(per_s=1)
    ids = people(queue, 5)

    again = queue.join(ids[3], "", NOON + timedelta(hours=1), HOLD_S)

    assert again is False
    assert run(queue, until=20.0) == ids


def test_the_place_tells_how_many_are_ahead_and_about_how_long() -> None:
    queue = a_line(per_s=20)
    ids = people(queue, 164)
    assert len(let_in(queue, 0.0)) == 20

    assert queue.position_of(ids[0], 0.0) == QueuePosition(0, 1)
    assert queue.position_of(ids[20], 0.0) == QueuePosition(0, 1)
    assert queue.position_of(ids[163], 0.0) == QueuePosition(143, 9)
    assert queue.position_of(uuid4(), 0.0) is None


def test_admissions_stay_within_the_concurrency() -> None:
    queue = a_line(per_s=10, concurrency=3)
    ids = people(queue, 5)

    assert let_in(queue, 0.0) == ids[:3]
    assert queue.next_at(0.0) is None
    queue.ended(ids[1], Asked.ANSWERED, 0.5)

    assert let_in(queue, 0.5) == ids[3:4]


def test_an_order_that_ended_meanwhile_uses_no_token() -> None:
    queue = a_line(per_s=2)
    ids = people(queue, 6)

    for order_id in ids[:4]:
        assert queue.next(0.0) == (order_id, f"buyer {ids.index(order_id)}")
        queue.ended(order_id, Asked.NEEDLESSLY, 0.0)

    assert let_in(queue, 0.0) == ids[4:]


def test_waiter_without_an_answer_keeps_the_place_and_others_go_on() -> None:
    queue = a_line(per_s=10)
    ids = people(queue, 3)
    assert let_in(queue, 0.0) == ids

    queue.ended(ids[0], Asked.IN_VAIN, 0.1)
    queue.ended(ids[1], Asked.ANSWERED, 0.1)
    later = people(queue, 1, now=0.2)

    assert queue.position_of(ids[0], 0.2) == QueuePosition(0, 1)
    assert let_in(queue, 0.2) == later
    assert let_in(queue, 0.7) == [ids[0]]


def test_one_order_that_never_gets_an_answer_blocks_nobody() -> None:
    queue = a_line(per_s=10)
    poor, *others = people(queue, 50)
    done: list[UUID] = []
    tries, now, last_at = 0, 0.0, 0.0
    while len(done) < len(others):
        for order_id in let_in(queue, now):
            tries += order_id == poor
            queue.ended(order_id, Asked.IN_VAIN if order_id == poor else Asked.ANSWERED, now)
            done += [order_id] if order_id != poor else []
            last_at = now
        now = max(queue.next_at(now) or now, now + 0.001)

    assert done == others
    assert last_at < 6.0
    assert 1 < tries <= 5


def test_silent_provider_pauses_the_queue_which_keeps_its_order() -> None:
    queue = a_line(per_s=10)
    ids = people(queue, 30)

    tried = run(queue, until=60.0, outcome=Asked.IN_VAIN)
    after = run(queue, until=90.0, now=60.0)

    assert 10 < len(tried) < 30
    assert after[1:] == [one for one in ids if one != after[0]]
    assert sorted(after) == sorted(ids)


def test_buyers_request_retries_only_the_first_in_the_queue() -> None:
    queue = a_line(per_s=10)
    ids = people(queue, 2)
    assert let_in(queue, 0.0) == ids
    for order_id in ids:
        queue.ended(order_id, Asked.IN_VAIN, 0.2)

    queue.look_again(ids[1], 0.4)
    assert let_in(queue, 0.4) == []
    queue.look_again(ids[0], 0.4)

    assert let_in(queue, 0.4) == ids[:1]


def test_expired_hold_leaves_the_queue() -> None:
    queue = a_line(per_s=1)
    ids = people(queue, 3)
    assert let_in(queue, 0.0) == ids[:1]
    late = people(queue, 1, now=300.0)

    assert let_in(queue, HOLD_S) == late
    assert queue.position_of(ids[2], HOLD_S) is None
    assert queue.join(ids[2], "", NOON, HOLD_S) is False


@pytest.mark.parametrize(
    ("asked_before", "tried", "never"),
    [(False, False, True), (False, True, False), (True, False, False)],
    ids=["new", "tried", "of an earlier process"],
)
def test_orders_that_were_never_requested_are_known(
    asked_before: bool, tried: bool, never: bool
) -> None:
    queue = a_line(per_s=10)
    [order_id] = people(queue, 1, asked_before=asked_before)
    if tried:
        queue.next(0.0)
        assert queue.never_asked(order_id) is False
        queue.ended(order_id, Asked.IN_VAIN, 0.1)

    assert queue.never_asked(order_id) is never
    queue.next(HOLD_S + 1)
    assert queue.never_asked(order_id) is never
