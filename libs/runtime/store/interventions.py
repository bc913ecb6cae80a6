"""What operators did to a service by hand, kept in the service's own log.

Private to the runtime: never published, shown by no view.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from psycopg import Cursor
from psycopg.rows import DictRow

from libs.runtime.scheduling.clock import SystemClock
from libs.runtime.store import unit_of_work
from libs.runtime.store.cause import Cause

R = TypeVar("R")

_RUNTIME: Final = "runtime."


class Intervention(Aggregate):
    """One action of an operator: what, on what, and why."""

    TOPIC = "runtime.intervention"

    class Created(Aggregate.Created):
        """The library requires it beside a named creation event; never used."""

        TOPIC = "runtime.intervention.created"

    class Made(Aggregate.Created):
        """An operator acted; `details` holds the previous state."""

        TOPIC = "runtime.intervention.made"
        what: str
        target: str
        operator: str
        reason: str
        at: datetime
        details: dict[str, Any]

    @event(Made)
    def __init__(
        self,
        what: str,
        target: str,
        operator: str,
        reason: str,
        at: datetime,
        details: dict[str, Any],
    ) -> None:
        self.what = what
        self.target = target
        self.operator = operator
        self.reason = reason
        self.at = at
        self.details = details


class Interventions(Application[UUID]):
    """The application with which an operator's process writes into a service's log."""

    name = "interventions"


def is_runtime_topic(topic: str) -> bool:
    """Return whether a stored event belongs to the runtime; services translate none of these."""
    return topic.startswith(_RUNTIME)


class Works(Protocol):
    """The part of a store that an intervention needs."""

    application: Interventions

    def work(self, cause: Cause, decide: Callable[[], R]) -> R:
        """Run it in one transaction."""
        ...


class Operator:
    """An operator at the terminal who changes something in one service's database.

    Each change and the event that names its author are committed together.
    """

    def __init__(self, store: Works, name: str) -> None:
        self._store = store
        self.name = name

    def cursor(self) -> Cursor[DictRow]:
        """Return a cursor of the open change."""
        return unit_of_work.required().cursor()

    def intervene(
        self, what: str, target: str, reason: str, act: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """Carry out a change; `act` returns the previous state, which is stored with the event."""
        cause = Cause(uuid4(), actor=f"operator:{self.name}")

        def decide() -> dict[str, Any]:
            before = act()
            made = Intervention(
                what=what,
                target=target,
                operator=self.name,
                reason=reason,
                at=SystemClock().now(),
                details=before,
            )
            self._store.application.save(made)
            return before

        return self._store.work(cause, decide)
