"""What the tests over the whole system share."""

from pathlib import Path

import pytest

from ops.chromium import MISSING, find_chromium


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The browser's program; `./bp test` has tried to fetch one before."""
    found = find_chromium()
    if found is None:
        pytest.fail(MISSING)
    return found
