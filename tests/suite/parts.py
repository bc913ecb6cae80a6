"""Reports at the end of a run how long each part of the suite took."""

from collections import defaultdict
from dataclasses import dataclass, field

import pytest


@dataclass
class _Part:
    tests: set[str] = field(default_factory=set)
    seconds: float = 0.0


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Return a line for each part: its tests and the seconds of their setup, call and teardown."""
    parts: defaultdict[str, _Part] = defaultdict(_Part)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                part = parts[part_of(report.nodeid)]
                part.tests.add(report.nodeid)
                part.seconds += report.duration
    if len(parts) < 2:
        return
    terminalreporter.section("what each part took")
    for name, part in sorted(parts.items(), key=lambda each: -each[1].seconds):
        terminalreporter.write_line(f"{name:<24} {len(part.tests):>5} tests {part.seconds:>7.1f} s")


def part_of(nodeid: str) -> str:
    """Return the folder that a test belongs to: `services/access`, `tests/chaos`, `ops`."""
    folders = nodeid.split("::", maxsplit=1)[0].split("/")[:-1]
    return "/".join(folder for folder in folders[:2] if folder != "tests" or folders[0] == "tests")
