"""Finds a Chromium for the tests that need a real browser."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")

MISSING = (
    "No Chromium was found, and Playwright could not fetch one: install it "
    '(for example `apt-get install chromium`), or leave these tests out with -m "not e2e".'
)


def find_chromium() -> Path | None:
    """An installed browser, else the one that Playwright fetched earlier."""
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    return _MAC if _MAC.exists() else _fetched()


def ensure_chromium(say: Callable[[str], None]) -> Path | None:
    """A browser, fetched by Playwright when none is installed; None when that fails too."""
    found = find_chromium()
    if found is None:
        say("no Chromium is installed; fetching Playwright's own, once")
        fetch = (sys.executable, "-m", "playwright", "install", "chromium")
        fetched = subprocess.run(fetch, capture_output=True, check=False)
        found = _fetched() if fetched.returncode == 0 else None
    return found


def _fetched() -> Path | None:
    folder = Path(
        os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache" / "ms-playwright")
    )
    fetched = sorted(folder.glob("chromium-*/chrome-linux*/chrome"))
    return fetched[-1] if fetched else None
