"""`--quick` leaves out what starts servers of its own, a whole system or a browser, or takes long.

A test is judged by its fixtures and its time limit, so a new one lands on the right side by itself.
"""

import pytest

from tests.suite.programs import needs

_HEAVY_MARKERS = ("e2e", "chaos")
_HEAVY_FIXTURES = frozenset({"own_postgres", "own_nats"})


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--quick`, beside pytest's own options."""
    parser.addoption("--quick", action="store_true", help="only what needs the shared servers")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--quick`, keep the quick tests and count the others as deselected."""
    if not config.getoption("--quick"):
        return
    usual_s = float(config.getini("timeout"))
    left_out = [item for item in items if not _is_quick(item, usual_s)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if _is_quick(item, usual_s)]


def _is_quick(item: pytest.Item, usual_s: float) -> bool:
    if needs(item) or any(item.get_closest_marker(name) for name in _HEAVY_MARKERS):
        return False
    if _HEAVY_FIXTURES.intersection(getattr(item, "fixturenames", ())):
        return False
    limit = item.get_closest_marker("timeout")
    return limit is None or float(limit.args[0]) <= usual_s
