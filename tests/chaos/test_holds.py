"""Payments around the end of a hold, in a system whose holds are short."""

from collections.abc import Iterator

import pytest

from tests.chaos import faults
from tests.chaos.buyers import Told
from tests.chaos.machine import Machine, running_machine

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.slow(240, "breaks the whole system and waits until its holds are over"),
]

_SEED = 20261124
_HOLD_S = 12.0


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A running system that holds seats for only some seconds."""
    with running_machine(tmp_path_factory.mktemp("holds"), _SEED, _HOLD_S) as running:
        yield running


def test_a_payment_after_the_hold_buys_what_is_left_or_goes_back(hasty: Machine) -> None:
    cycle = hasty.cycle("late", faults.paid_after_the_hold)
    quick, lucky, unlucky = hasty.operations[-3:]
    ended = hasty.wait_for_the_end_of_holds()
    checked = hasty.verify()

    assert [each.told for each in (quick, lucky)] == [Told.OK, Told.OK]
    assert unlucky.told is Told.UNKNOWN
    for each in (cycle, ended, checked):
        assert not each.violations, "\n".join(str(one) for one in each.violations)
