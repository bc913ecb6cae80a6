"""Test names stay the same from run to run, although their parameters hold random ids.

Two processes that share a run must agree on every name, or pytest-xdist refuses to begin.
"""

import re

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Return the word `uuid` for each id; None leaves other names to pytest."""
    if isinstance(val, str) and _UUID.search(val):
        return _UUID.sub("uuid", val)
    return None
