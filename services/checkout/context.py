"""What the use cases of all modules share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from eventsourcing.application import Repository


class Clock(Protocol):
    """Knows what time it is."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class Schedule(Protocol):
    """Work that is due at a time, kept until it is done."""

    def at(self, kind: str, key: str, due_at: datetime, payload: Mapping[str, Any]) -> None:
        """Do it at that time; the same kind and key moves it."""
        ...

    def cancel(self, kind: str, key: str) -> None:
        """Remove it from the schedule."""
        ...


@dataclass(frozen=True)
class Context:
    """The store of the aggregates, the clock, and the schedule of the open unit of work."""

    repository: Repository[UUID]
    save: Callable[..., object]
    clock: Clock
    schedule: Schedule
