from itertools import pairwise

from services.checkout.payments.queue.limit import SlidingWindowLimit


def most_in_a_second(taken: list[float]) -> int:
    return max(sum(1 for t in taken if start <= t < start + 1) for start in taken)


def taken_by_a_crowd(limit: SlidingWindowLimit, until: float, *, evenly: bool) -> list[float]:
    """Somebody always wants one: the instants at which tokens were given, in steps of 1 ms."""
    steps = [n / 1000 for n in range(int(until * 1000))]
    return [now for now in steps if limit.take(now, evenly=evenly)]


def test_after_a_rest_a_seconds_worth_is_there_at_once() -> None:
    limit = SlidingWindowLimit(per_s=20)

    assert [limit.take(100.0) for _ in range(21)] == [True] * 20 + [False]


def test_no_second_exceeds_the_rate() -> None:
    at_once = taken_by_a_crowd(SlidingWindowLimit(per_s=20), 5.0, evenly=False)
    evenly = taken_by_a_crowd(SlidingWindowLimit(per_s=20), 5.0, evenly=True)

    assert most_in_a_second(at_once) == 20
    assert most_in_a_second(evenly) == 20
    assert len(at_once) == len(evenly) == 100


def test_evenly_means_one_after_the_other() -> None:
    taken = taken_by_a_crowd(SlidingWindowLimit(per_s=20), 3.0, evenly=True)

    gaps = [after - before for before, after in pairwise(taken)]
    # Who comes late is made up for, by half a step at most.
    assert min(gaps) >= 0.024
    assert max(gaps) <= 0.076


def test_less_than_one_a_second_is_kept_too() -> None:
    taken = taken_by_a_crowd(SlidingWindowLimit(per_s=0.5), 7.0, evenly=True)

    assert taken == [0.0, 2.0, 4.0, 6.0]


def test_a_token_that_was_not_needed_can_be_taken_again() -> None:
    limit = SlidingWindowLimit(per_s=2)
    assert limit.take(10.0)
    assert limit.take(10.2)

    limit.give_back(10.0)

    assert limit.take(10.3)
    assert not limit.take(11.1)
    assert limit.take(11.2)


def test_blocking_wait_gives_up_in_time() -> None:
    limit = SlidingWindowLimit(per_s=0.1)

    assert limit.take_within(0.1)
    assert not limit.take_within(0.1)
