"""A test that may exceed the usual limit says why: `slow(seconds, why)`."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give slow tests their limit, and refuse one without a reason."""
    usual_s = float(config.getini("timeout"))
    without_reason = []
    for item in items:
        if slow := item.get_closest_marker("slow"):
            seconds, why = slow.args
            item.add_marker(pytest.mark.timeout(seconds))
            if not why:
                without_reason.append(item.nodeid)
        elif (limit := item.get_closest_marker("timeout")) and limit.args[0] > usual_s:
            without_reason.append(item.nodeid)
    if without_reason:
        raise pytest.UsageError(
            f"A test with a limit above {usual_s:.0f} s says why, by slow(seconds, why): "
            + ", ".join(without_reason)
        )
