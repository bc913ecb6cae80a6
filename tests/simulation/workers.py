"""The worker of one service, one piece of scheduled work at a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from libs.runtime.scheduling.schedule import Entry, Job, Timer
from libs.runtime.scheduling.worker import LEASE_S, Worker
from libs.runtime.store.store import Store
from tests.simulation.fault_injector import FaultInjector

_ALL: Final = 10_000


class SimulatedWorker(Worker):
    """Claims due work and does it in any order, as concurrent work ends in any order."""

    def __init__(
        self,
        injector: FaultInjector,
        store: Store[Any],
        timers: Mapping[str, Timer],
        jobs: Mapping[str, Job],
        refusals: Sequence[type[Exception]],
    ) -> None:
        # All due work: the database would choose any few of entries due at the same time.
        super().__init__(store, timers, jobs, refusals=refusals, at_once=_ALL)
        self._injector = injector
        self._held: list[Entry] = []
        self._until: datetime | None = None

    def step(self) -> str | None:
        """Do one piece of work; returns what that was, or None if nothing is due."""
        if not self._kinds:
            return None
        now = self._store.clock.now()
        if self._until is not None and now >= self._until:
            # Calls to providers time out before their lease ends.
            self._held = []
        if not self._held:
            self._held = sorted(self._claim(), key=lambda e: (e.due_at, e.kind, e.key))
            self._until = now + timedelta(seconds=LEASE_S)
        if not self._held:
            return None
        entry = self._held.pop(self._injector.random.randrange(len(self._held)))
        return f"{entry.kind}{self._outcome(entry)}"

    def _outcome(self, entry: Entry) -> str:
        try:
            self._carry_out(entry)
        except Exception as fault:  # noqa: BLE001 - as the worker's own loop
            self._postpone(entry, repr(fault))
            return f" put off: {fault!r}"
        self.done += 1
        return ""
