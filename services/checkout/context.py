"""What the use cases of all modules share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from eventsourcing.application import Repository


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class Schedule(Protocol):
    """The durable schedule: work that is due at a time."""

    def at(self, kind: str, key: str, due_at: datetime, payload: Mapping[str, Any]) -> None:
        """Schedule it; an entry of the same kind and key moves."""
        ...

    def cancel(self, kind: str, key: str) -> None:
        """Remove it from the schedule."""
        ...


class Locks(Protocol):
    """Locks that last until the unit of work ends."""

    def lock_buyer(self, person_id: UUID, pass_id: UUID) -> None:
        """Lock what this person has of this pass."""

    def lock_order(self, order_id: UUID) -> None:
        """Lock this order, its payments and its membership."""


@dataclass(frozen=True)
class Context:
    """The store of the aggregates, the clock, and the schedule and locks of the unit of work."""

    repository: Repository[UUID]
    save: Callable[..., object]
    clock: Clock
    schedule: Schedule
    locks: Locks
