"""What relays, consumers, workers and clocks do, and how they die."""

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
"""What is on the schedule for ever."""
_JUMPS_S: Final = (1, 5, 20, 20, 130, 130, 300, 601, 601, 1800, 90_000)


class Machinery(Edge):
    """Whatever is between the services, and under them."""

    def work(self) -> str | None:
        """A worker does one thing that is due."""
        service = self.injector.one_of(("checkout", "checkout", "access", "chat", "notifications"))
        done = self.world.work(service)
        if done in ROUNDS:
            done = self.world.work(service)
        return None if done is None else f"{service} works: {done}"

    def publish(self) -> str | None:
        """A relay sends what is new."""
        self.world.publish_identity()
        service = self.injector.one_of(SERVICES)
        sent = self.world.publish(service, self.injector.one_of((1, 5, 20)))
        return f"{service} publishes {sent}" if sent else None

    def deliver(self) -> str | None:
        """A consumer is given a message."""
        durable = self.injector.one_of(self.world.bus.durables)
        waiting = self.world.bus.waiting(durable)
        if not waiting:
            return None
        # Of what may come next, mostly the next.
        message = waiting[0] if self.injector.chance(0.5) else self.injector.one_of(waiting)
        handled = self.world.deliver(durable, message)
        heard = f"{durable.consumer} hears {message.headers['ce-type']} {message.sequence}"
        return heard if handled else f"{heard}: not handled"

    def crash(self) -> str | None:
        """A process is killed while it does nothing."""
        service = self.injector.one_of(SERVICES)
        if self.injector.calm:
            return None
        self.world.restart(service)
        return f"{service} is killed"

    def lose_a_stream(self) -> str | None:
        """NATS comes back with an older disk, or an empty one."""
        producer = self.injector.one_of(SERVICES)
        there = len(self.world.bus.streams.get(producer, []))
        keep = self.injector.random.randint(0, there)
        self.world.bus.forget(producer, keep)
        return f"the stream of {producer} falls back from {there} to {keep}"

    def pass_time(self) -> str | None:
        """The clock goes on, a little or a lot."""
        by = self.injector.one_of(_JUMPS_S)
        self.world.pass_time(timedelta(seconds=by))
        return f"{by} s later"

    def pass_a_moment(self) -> str:
        """As long as an answer may take."""
        self.world.pass_time(timedelta(seconds=2))
        return "2 s pass"

    def reach(self) -> str | None:
        """Someone's address comes into the contact bucket."""
        for person in self.world.people:
            if person not in self.world.contacts:
                self.make_known(person)
                return f"{name_of(person)} can be reached"
        return None
