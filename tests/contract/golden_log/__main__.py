"""`python -m tests.contract.golden_log SERVICE [pytest's arguments]` keeps a stream for each stored
name of the service that has none yet. What is kept stays as it is: it stands for what is in
databases out there.

The streams are what the service's own tests have its aggregates store; the arguments choose some of
them, since few tests are enough for one new name.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from eventsourcing.persistence import Mapper, StoredEvent

from ops.stores import announces
from tests.contract.golden_log import Stream, aggregate_of, read, topics_of, write

STORED: Final = Path("tests/contract/stored_topics.json")


class _Recorder:
    """Writes down whatever is stored while tests run."""

    def __init__(self) -> None:
        self._test = ""
        self._stored: dict[tuple[str, UUID], dict[int, StoredEvent]] = defaultdict(dict)

    @pytest.hookimpl
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._test = item.nodeid

    def note(self, stored: StoredEvent) -> None:
        key = (self._test, UUID(str(stored.originator_id)))
        self._stored[key][stored.originator_version] = stored

    def streams(self) -> list[Stream]:
        """Those that are whole, the shortest first."""
        whole = [
            [by_version[version] for version in sorted(by_version)]
            for by_version in self._stored.values()
            if sorted(by_version) == list(range(1, len(by_version) + 1))
        ]
        return sorted(whole, key=len)


def _record(service: str, chosen: list[str]) -> list[Stream]:
    recorder = _Recorder()

    names, write_down = _remembered(service), Mapper.to_stored_event

    def to_stored_event(mapper: Mapper[Any], domain_event: Any) -> StoredEvent:
        stored = write_down(mapper, domain_event)
        if stored.topic in names:
            recorder.note(stored)
        return stored

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Mapper, "to_stored_event", to_stored_event)
        tests = [f"services/{service}/tests", *chosen]
        pytest.main(["-q", "-p", "no:cacheprovider", *tests], [recorder])
    return recorder.streams()


def _remembered(service: str) -> set[str]:
    return {topic for topic in json.loads(STORED.read_text()) if topic.startswith(f"{service}.")}


def main(service: str, *chosen: str) -> int:
    """Add what is missing; 1 when the tests never store one of the service's names."""
    announces(service)
    kept = read(service)
    missing = _remembered(service) - topics_of(kept)
    for stream in _record(service, list(chosen)) if missing else []:
        if missing & topics_of([stream]):
            aggregate_of(stream)
            kept.append(stream)
            missing -= topics_of([stream])
    write(service, kept)
    if missing:
        sys.stderr.write(f"no test stores these: {sorted(missing)}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
