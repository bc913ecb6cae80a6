"""Third-party programs that some tests need: prepared before the first test, if any needs them.

A test asks by a fixture (`chromium_path`, `stripe_mock_program`, …) or by a marker, such as
`needs("livekit-server")`. A test without its program is skipped, with the reason in one sentence;
with `--need-all` it fails.
"""

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from ops.programs import browser, compiled, node
from ops.programs.cache import CannotPrepare, Say

PREPARE: Final[dict[str, Callable[[Say], Path]]] = {
    "chromium": browser.ensure_browser,
    "livekit-server": partial(compiled.ensure, compiled.LIVEKIT),
    "stripe-mock": partial(compiled.ensure, compiled.STRIPE_MOCK),
}
FIXTURES: Final = {
    "chromium_path": "chromium",
    "livekit_program": "livekit-server",
    "stripe_mock_program": "stripe-mock",
}
_PATHS: Final = pytest.StashKey[dict[str, Path]]()
_MISSING: Final = pytest.StashKey[dict[str, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--need-all` to pytest's own options."""
    parser.addoption("--need-all", action="store_true", help="fail where a program is missing")


def pytest_configure(config: pytest.Config) -> None:
    """Nothing is prepared yet."""
    config.stash[_PATHS], config.stash[_MISSING] = {}, {}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Prepare what the selected tests need, visibly: it may take minutes."""
    paths, missing = session.config.stash[_PATHS], session.config.stash[_MISSING]
    if session.config.option.collectonly:
        return
    for name in dict.fromkeys(name for item in session.items for name in needs(item)):
        try:
            paths[name] = PREPARE[name](_say)
        except CannotPrepare as why:
            missing[name] = str(why)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip the test, or fail it, if its program is missing."""
    for name in needs(item):
        if why := item.config.stash[_MISSING].get(name):
            if item.config.getoption("--need-all"):
                pytest.fail(why, pytrace=False)
            pytest.skip(why)


def needs(item: pytest.Item) -> Sequence[str]:
    """Return the names of the programs that a test asks for."""
    marked = [str(name) for marker in item.iter_markers("needs") for name in marker.args]
    fixtures = getattr(item, "fixturenames", ())
    return [*marked, *(FIXTURES[name] for name in fixtures if name in FIXTURES)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report what was skipped, and why: one line for each reason."""
    counts: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        if isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            counts[reason] = counts.get(reason, 0) + 1
    if counts:
        terminalreporter.section("left out")
    for reason, count in sorted(counts.items()):
        terminalreporter.write_line(f"{count:>4}  {reason}")


@pytest.fixture(scope="session")
def chromium_path(request: pytest.FixtureRequest) -> Path:
    """The browser's program, and a Node.js for its driver: Playwright's own needs libatomic."""
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node.node()))
    return request.config.stash[_PATHS]["chromium"]


@pytest.fixture(scope="session")
def livekit_program(request: pytest.FixtureRequest) -> Path:
    """LiveKit's server."""
    return request.config.stash[_PATHS]["livekit-server"]


@pytest.fixture(scope="session")
def stripe_mock_program(request: pytest.FixtureRequest) -> Path:
    """Stripe's mock."""
    return request.config.stash[_PATHS]["stripe-mock"]


def _say(line: str) -> None:
    # Two processes that share a run prepare the same: one of them reports.
    if os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0":
        sys.stderr.write(f"tests: {line}\n")
