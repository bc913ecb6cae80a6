"""`--quick` skips tests with servers of their own, a whole system or a browser, and slow ones.

Markers and fixtures decide about a test.
"""

import pytest

from tests.suite.programs import needs

_HEAVY_MARKERS = ("e2e", "chaos", "own_server", "slow")
_HEAVY_FIXTURES = frozenset({"own_postgres", "own_nats"})


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--quick` to pytest's own options."""
    parser.addoption("--quick", action="store_true", help="only what needs the shared servers")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--quick`, keep the quick tests and count the others as deselected."""
    if not config.getoption("--quick"):
        return
    left_out = [item for item in items if not _is_quick(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if _is_quick(item)]


def _is_quick(item: pytest.Item) -> bool:
    if needs(item) or any(item.get_closest_marker(name) for name in _HEAVY_MARKERS):
        return False
    return _HEAVY_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
