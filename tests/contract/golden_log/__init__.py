"""Stored events of every topic as they were written once: streams of real aggregates, from their
first event on, one file for each service."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import UUID

from eventsourcing.domain import CanMutateAggregate
from eventsourcing.persistence import StoredEvent

from ops import stores

FOLDER: Final = Path(__file__).parent
Stream: TypeAlias = Sequence[StoredEvent]


def path_of(service: str) -> Path:
    """Where a service's golden log lies."""
    return FOLDER / f"{service}.json"


def read(service: str) -> list[Stream]:
    """The golden streams of a service; none when it has no file yet."""
    if not path_of(service).exists():
        return []
    return [list(_stream(each)) for each in json.loads(path_of(service).read_text())]


def _stream(kept: dict[str, Any]) -> Iterator[StoredEvent]:
    for version, event in enumerate(kept["events"], start=1):
        state = json.dumps(event["state"]).encode()
        yield StoredEvent(UUID(kept["id"]), version, event["topic"], state)


def write(service: str, streams: Sequence[Stream]) -> None:
    """Keep these streams."""
    kept = [
        {
            "id": str(stream[0].originator_id),
            "events": [
                {"topic": event.topic, "state": json.loads(event.state)} for event in stream
            ],
        }
        for stream in streams
    ]
    path_of(service).write_text(json.dumps(kept, indent=1) + "\n")


def domain_events(stream: Stream) -> list[CanMutateAggregate[Any]]:
    """The stream as today's classes read it."""
    mapper = stores.event_mapper()
    return [mapper.to_domain_event(stored) for stored in stream]


def aggregate_of(stream: Stream) -> Any:
    """What the stream makes of an aggregate today."""
    aggregate: Any = None
    for event in domain_events(stream):
        aggregate = event.mutate(aggregate)
    return aggregate


def topics_of(streams: Sequence[Stream]) -> set[str]:
    """The stored names that occur in them."""
    return {event.topic for stream in streams for event in stream}
