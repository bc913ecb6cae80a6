"""Lets every test use the real servers of `tests/servers.py`, and runs users' stories last."""

import pytest

pytest_plugins = [
    "tests.servers",
    "tests.suite.limits",
    "tests.suite.names",
    "tests.suite.parts",
    "tests.suite.programs",
    "tests.suite.quick",
    "pytester",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stories come last: the browser's driver keeps an event loop running once it is started."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is not None)
