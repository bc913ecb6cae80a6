"""The actions of relays, consumers, workers and clocks, and their deaths."""

from datetime import timedelta
from typing import Final

from tests.simulation.edge import Edge, name_of
from tests.simulation.wiring import SERVICES

ROUNDS: Final = (
    "sweep_webhooks",
    "audit_stock",
    "reconcile_lists",
    "reconcile_refunds",
    "balance_day",
)
"""Recurring work on the schedule."""
_JUMPS_S: Final = (1, 5, 20, 20, 130, 130, 300, 601, 601, 1800, 90_000)


class Machinery(Edge):
    """The machinery between and below the services."""

    def work(self) -> str | None:
        """A worker does one due piece of work."""
        service = self.injector.one_of(("checkout", "checkout", "access", "chat", "notifications"))
        done = self.world.work(service)
        if done in ROUNDS:
            done = self.world.work(service)
        return None if done is None else f"{service} works: {done}"

    def publish(self) -> str | None:
        """A relay publishes new events."""
        self.world.publish_identity()
        service = self.injector.one_of(SERVICES)
        sent = self.world.publish(service, self.injector.one_of((1, 5, 20)))
        return f"{service} publishes {sent}" if sent else None

    def deliver(self) -> str | None:
        """A consumer gets a message."""
        durable = self.injector.one_of(self.world.bus.durables)
        waiting = self.world.bus.waiting(durable)
        if not waiting:
            return None
        # Usually the next message of those that may come.
        message = waiting[0] if self.injector.chance(0.5) else self.injector.one_of(waiting)
        handled = self.world.deliver(durable, message)
        heard = f"{durable.consumer} hears {message.headers['ce-type']} {message.sequence}"
        return heard if handled else f"{heard}: not handled"

    def crash(self) -> str | None:
        """An idle process is killed."""
        service = self.injector.one_of(SERVICES)
        if self.injector.calm:
            return None
        self.world.restart(service)
        return f"{service} is killed"

    def lose_a_stream(self) -> str | None:
        """NATS restarts with an older disk, or an empty one."""
        producer = self.injector.one_of(SERVICES)
        there = len(self.world.bus.streams.get(producer, []))
        keep = self.injector.random.randint(0, there)
        self.world.bus.forget(producer, keep)
        return f"the stream of {producer} falls back from {there} to {keep}"

    def pass_time(self) -> str | None:
        """The clock advances, a little or a lot."""
        by = self.injector.one_of(_JUMPS_S)
        self.world.pass_time(timedelta(seconds=by))
        return f"{by} s later"

    def pass_a_moment(self) -> str:
        """Advance by as long as an answer may take."""
        self.world.pass_time(timedelta(seconds=2))
        return "2 s pass"

    def reach(self) -> str | None:
        """Somebody's address arrives in the contact bucket."""
        for person in self.world.people:
            if person not in self.world.contacts:
                self.make_known(person)
                return f"{name_of(person)} can be reached"
        return None
