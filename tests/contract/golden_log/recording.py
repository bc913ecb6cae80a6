"""Adds missing streams to the golden log: one for each stored name and each published contract.

The services' own tests store these streams. An existing stream stays as it is, because it stands
for what lies in databases.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

import pytest
from eventsourcing.domain import Snapshot
from eventsourcing.persistence import Mapper, StoredEvent

from libs.events.catalogue import contracts
from ops.stores import announces
from tests.contract import golden_log
from tests.contract.golden_log import Stream
from tests.contract.private_events import stored_names

_NEEDS_A_DATABASE: Final = {"postgres", "database", "own_postgres"}


def wanted(service: str) -> set[str]:
    """Return the names that a service can store, and the types of the contracts that it
    publishes."""
    types = {contract.type for contract in contracts() if contract.producer() == service}
    return stored_names(service) | types


def shown(service: str, streams: Iterable[Stream]) -> set[str]:
    """Return those of them that occur in these streams."""
    to_contract, names = announces(service), set()
    for stream in streams:
        names |= golden_log.topics_of([stream])
        contracts_ = map(to_contract, golden_log.domain_events(stream))
        names |= {contract.type for contract in contracts_ if contract is not None}
    return names


def missing(service: str) -> set[str]:
    """Return what the golden log of a service lacks."""
    return wanted(service) - shown(service, golden_log.read(service))


def complete(services: Iterable[str]) -> dict[str, set[str]]:
    """Run the tests of services that lack something; returns what is still missing."""
    lacking = {service: lack for service in services if (lack := missing(service))}
    recorder = _Recorder(lacking)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Mapper, "to_stored_event", recorder.noting(Mapper.to_stored_event))
        tests = [f"services/{service}/tests" for service in lacking]
        if tests:
            # Modules are already imported, so assertions can't be rewritten.
            options = ("--quick", "--assert=plain", "-p", "no:cacheprovider")
            pytest.main([*options, *tests], [recorder])
    for service, streams in recorder.found.items():
        golden_log.write(service, [*golden_log.read(service), *streams])
    return {service: lack for service, lack in recorder.lacking.items() if lack}


class _Recorder:
    """Keeps a stream, as short as one test stores it, for each missing name."""

    def __init__(self, lacking: Mapping[str, set[str]]) -> None:
        self.lacking = {service: set(names) for service, names in lacking.items()}
        self.found: dict[str, list[Stream]] = defaultdict(list)
        self._stored: dict[UUID, dict[int, StoredEvent]] = defaultdict(dict)

    def noting(self, write_down: Any) -> Any:
        """Call the mapper's own method, and record the result."""

        def to_stored_event(mapper: Mapper[Any], domain_event: Any) -> StoredEvent:
            stored: StoredEvent = write_down(mapper, domain_event)
            if not isinstance(domain_event, Snapshot):
                by_version = self._stored[UUID(str(stored.originator_id))]
                by_version[stored.originator_version] = stored
            return stored

        return to_stored_event

    @pytest.hookimpl
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Run tests without a database first: most names need no others."""
        items.sort(
            key=lambda item: bool(_NEEDS_A_DATABASE & set(getattr(item, "fixturenames", ())))
        )

    @pytest.hookimpl
    def pytest_runtest_logfinish(self) -> None:
        """Look at what one test stored."""
        for stream in sorted(self._whole_streams(), key=len):
            self._keep(stream)
        self._stored.clear()

    @pytest.hookimpl
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Stop once nothing is missing."""
        if not any(self.lacking.values()):
            item.session.shouldstop = "the golden log has every name"

    def _whole_streams(self) -> Iterable[Stream]:
        for by_version in self._stored.values():
            if sorted(by_version) == list(range(1, len(by_version) + 1)):
                yield [by_version[version] for version in sorted(by_version)]

    def _keep(self, stream: Stream) -> None:
        service = stream[0].topic.partition(".")[0]
        lacking = self.lacking.get(service, set())
        if lacking and lacking & (names := shown(service, [stream])):
            golden_log.aggregate_of(stream)
            lacking -= names
            self.found[service].append(stream)
