"""The smallest event-sourced application: it loads the machinery without any domain cost."""

from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from libs.events.contract import Contract
from libs.events.identity import PersonRegistered


class Tally(Aggregate):
    """Something that is counted once."""

    TOPIC = "bench.tally"

    class Created(Aggregate.Created):
        """The library requires it beside a named creation event; never used."""

        TOPIC = "bench.tally.created"

    class Counted(Aggregate.Created):
        """It was counted."""

        TOPIC = "bench.tally.counted"
        note: str

    @event(Counted)
    def __init__(self, note: str) -> None:
        self.note = note


class Tallies(Application[UUID]):
    """Counts."""

    name = "bench"

    def count(self, note: str) -> None:
        """Store one event of a new aggregate."""
        self.save(Tally(note=note))


def to_contract(event: Any) -> Contract:
    """Publish each event as the smallest public contract."""
    return PersonRegistered(person_id=event.originator_id)


NOTE = "x" * 200
