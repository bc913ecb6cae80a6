"""One system for all tests that break it."""

from collections.abc import Iterator

import pytest

from tests.chaos.buyers import Manner
from tests.chaos.faults import SILENT
from tests.chaos.machine import Machine, running_machine

_SEED = 20261123


@pytest.fixture(scope="package")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A running system with buyers in it; no webhook ever arrives for the first payments."""
    with running_machine(tmp_path_factory.mktemp("chaos"), _SEED) as running:
        _sell_without_a_word(running)
        yield running


def _sell_without_a_word(machine: Machine) -> None:
    """The reconciler settles these orders after two minutes; other tests run meanwhile."""
    machine.stock_up()
    for orders in SILENT.values():
        for order in orders:
            machine.providers.misbehave(**order)
        done = machine.crowd.buy_one(Manner.WALKS_AWAY)
        assert done.order_id is not None
        machine.late.add(done.order_id)
        machine.providers.behave()
