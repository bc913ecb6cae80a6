"""The faults by name; a seed always gives the same ones."""

import signal
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from libs.runtime.failpoints import NAMES, Failpoint
from tests.chaos.buyers import Buyer, Manner
from tests.chaos.disks import older_streams_back, streams_lost
from tests.chaos.full_disk import DISKS, full_disk
from tests.chaos.machine import SERVICES, Fault, Machine
from tests.chaos.rush import rush
from tests.chaos.versions import newer_beside
from tests.chaos.wires import WireFault

PROCESSES: Final = (*SERVICES, "gateway", "sandbox", "nats", "postgres", "livekit")
_PAUSE_S: Final = 5.0
_WIRE_S: Final = 4.0
_MOST_CUTS: Final = 12
_DIES_WITHIN_S: Final = 25.0
_MOST_ADDED: Final = 60

# The services in which a purchase passes each failpoint.
_REACHED_BY: Final[dict[Failpoint, tuple[str, ...]]] = {
    "store.before_commit": ("checkout", "access", "chat", "notifications"),
    "store.after_commit": ("checkout", "access", "chat", "notifications"),
    "relay.before_publish": ("checkout", "access", "chat", "notifications"),
    "relay.sent": ("checkout", "access", "chat", "notifications"),
    "relay.after_publish": ("checkout", "access", "chat", "notifications"),
    "consumer.delivered": ("access", "chat", "notifications"),
    "consumer.before_commit": ("access", "chat", "notifications"),
    "consumer.before_ack": ("access", "chat", "notifications"),
    "consumer.after_ack": ("access", "chat", "notifications"),
    "worker.claimed": ("checkout", "chat", "notifications"),
    "worker.before_job": ("checkout", "chat", "notifications"),
    "worker.after_job": ("checkout", "chat", "notifications"),
    "provider.before_call": ("checkout",),
    "provider.after_answer": ("checkout",),
    "webhook.before_store": ("checkout",),
    "webhook.after_store": ("checkout",),
}
# Purchases do not pass the others: a new version of a service builds a view, a creator's long
# history makes a snapshot, the end of a hold runs a timer.
FAILPOINTS: Final = tuple(name for name in NAMES if name in _REACHED_BY)


class NeverPassed(AssertionError):
    """The process did not reach its failpoint."""


def failpoint(machine: Machine, name: Failpoint, service: str | None = None) -> None:
    """Let a service die once at a failpoint, at one of the first passes."""
    service = service or machine.rng.choice(_REACHED_BY[name])
    times, marker = machine.rng.randint(1, 8), machine.marker()
    machine.arm(service, f"{name}:{times}@{marker}")
    give_up_at = time.monotonic() + _DIES_WITHIN_S
    while not marker.exists():
        if time.monotonic() > give_up_at:
            # The marker is removed: it kills one process once.
            marker.touch()
            raise NeverPassed(f"{service} did not pass {name} {times} times")
        # Most failpoints are passed only while somebody buys.
        machine.stock_up()
        time.sleep(0.05)
    time.sleep(0.2)
    machine.until_ready([service])


def dies_rebuilding(machine: Machine) -> None:
    """A starting service finds a view of another shape, and dies before the new one is swapped
    in."""
    marker = machine.marker()
    machine.execute("access", "UPDATE views SET shape = 'of an older version'")
    machine.arm("access", f"rebuild.before_swap@{marker}")
    if not marker.exists():
        raise NeverPassed("access did not build its views again")


def dies_taking_a_snapshot(machine: Machine) -> None:
    """The catalog keeps a snapshot of every fiftieth version of a space, and dies while it does."""
    marker = machine.marker()
    machine.arm("catalog", f"snapshot.taken@{marker}")
    space, added = machine.new_space(), list[str]()
    while not marker.exists():
        if len(added) > _MOST_ADDED:
            raise NeverPassed(f"no snapshot after {len(added)} changes")
        added.append(f"more-{marker.name}-{len(added)}")
        machine.add_experience(added[-1], space)
    assert sorted(machine.experiences(space)) == sorted(added)


def paid_after_the_hold(machine: Machine) -> None:
    """No payment can be cancelled at the end of its hold, checkout dies while it releases the
    seats, and then two people pay.

    If the seat was sold meanwhile, the payment is refunded; otherwise it buys the pass.
    """
    lucky, unlucky, quick = machine.latecomers
    free, last = machine.publish(stock=10), machine.publish(stock=1)
    cancelling = "/v1/payment_intents/*/cancel"
    machine.providers.misbehave(kind="refuse", status=503, path=cancelling, times=None)
    marker = machine.marker()
    machine.arm("checkout", f"worker.in_timer@{marker}")
    chosen = [(lucky, free), (unlucky, last)]
    orders = [(buyer, buyer.begins(one, machine.key())) for buyer, one in chosen]
    for buyer, order in orders:
        _wait_until_expired(machine, buyer, order)
    if not marker.exists():
        raise NeverPassed("checkout passed no timer")
    machine.until_ready(["checkout"])
    machine.crowd.operations.append(quick.purchase(last, Manner.RETURNS, machine.key()))
    machine.crowd.operations += [buyer.pays_late(order) for buyer, order in orders]


def _wait_until_expired(machine: Machine, buyer: Buyer, order: dict[str, Any]) -> None:
    give_up_at = time.monotonic() + machine.hold_s * 2 + _DIES_WITHIN_S
    while buyer.looks_at(order)["status"] == "open":
        if time.monotonic() > give_up_at:
            raise NeverPassed("the hold did not end")
        time.sleep(0.2)


def killed(machine: Machine, process: str) -> None:
    """kill -9."""
    machine.kill(process)
    time.sleep(1.5)


def paused(machine: Machine, process: str) -> None:
    """Freeze for 5 s: connections stay open and nothing answers."""
    machine.kill(process, signal.SIGSTOP)
    time.sleep(_PAUSE_S)
    machine.kill(process, signal.SIGCONT)


def wire_broken(machine: Machine, wire: str, fault: WireFault, for_s: float = _WIRE_S) -> None:
    """A fault of a connection between the services and their dependencies, for a while."""
    broken = machine.wires[wire]
    broken.break_it(fault, machine.rng.randint(1, _MOST_CUTS))
    time.sleep(for_s)
    broken.mend()


def wire_flickers(machine: Machine, wire: str, times: int = 6) -> None:
    """Cuts too short for either end to notice."""
    broken = machine.wires[wire]
    for _ in range(times):
        broken.break_it(WireFault.CUT)
        time.sleep(machine.rng.uniform(0.02, 0.4))
        broken.mend()
        time.sleep(machine.rng.uniform(0.2, 1.0))


def together(machine: Machine, faults: Sequence[Fault]) -> None:
    """Several faults at once."""
    with ThreadPoolExecutor(len(faults)) as threads:
        for done in [threads.submit(fault, machine) for fault in faults]:
            done.result()


def stripe_misbehaves(
    machine: Machine, orders: tuple[dict[str, object], ...], for_s: float = 5.0
) -> None:
    """A typical fault of the payment provider."""
    for order in orders:
        machine.providers.misbehave(**order)
    time.sleep(for_s)


_INTENTS: Final = "/v1/payment_intents*"
MISBEHAVIOURS: Final[dict[str, tuple[dict[str, object], ...]]] = {
    "webhooks twice": ({"kind": "duplicate", "times": None},),
    "webhooks in the wrong order": ({"kind": "reversed", "times": None},),
    "webhooks late": ({"kind": "deliver_late", "delay_s": 4, "times": None},),
    "too many requests": ({"kind": "refuse", "status": 429, "path": _INTENTS, "times": 10},),
    "500 after doing it": ({"kind": "fail_after", "path": _INTENTS, "times": 8},),
    "answer cut": ({"kind": "cut", "path": _INTENTS, "times": 8},),
    "slow": ({"kind": "answer_late", "delay_s": 2, "path": _INTENTS, "times": 8},),
}
# These last until the reconciler runs: two minutes.
SILENT: Final[dict[str, tuple[dict[str, object], ...]]] = {
    "webhooks never": ({"kind": "drop", "times": None},),
    "no webhooks at all": ({"kind": "no_event", "times": None},),
}
# Of different kinds, so that none of them repairs or hides another.
_TOGETHER: Final = (
    ("stripe: 500 after doing it", "kill -9 checkout"),
    ("stripe: answer cut", "nats flickers"),
    ("stripe: webhooks twice", "postgres cut_after_commit", "kill -9 access"),
    ("stripe: slow", "chat dies at consumer.before_ack"),
    ("postgres flickers", "notifications dies at consumer.after_ack"),
    ("nats cut", "kill -9 postgres"),
)
POSTGRES_WIRE: Final = tuple(WireFault)
OTHER_WIRE: Final = tuple(f for f in WireFault if f is not WireFault.CUT_AFTER_COMMIT)


def catalogue() -> dict[str, Fault]:
    """Every fault that heals by itself, by its name."""
    single = _processes() | _wires() | _stripe() | _others()
    several = {
        " + ".join(names): partial(together, faults=[single[name] for name in names])
        for names in _TOGETHER
    }
    return single | several


def _processes() -> dict[str, Fault]:
    dying: dict[str, Fault] = {
        f"{service} dies at {point}": partial(failpoint, name=point, service=service)
        for point in FAILPOINTS
        for service in _REACHED_BY[point]
    }
    for process in PROCESSES:
        dying[f"kill -9 {process}"] = partial(killed, process=process)
    for process in ("nats", "postgres", "checkout", "access", "chat", "sandbox"):
        dying[f"pause {process}"] = partial(paused, process=process)
    return dying


def _wires() -> dict[str, Fault]:
    broken: dict[str, Fault] = {}
    for wire in ("postgres", "nats", "providers"):
        broken[f"{wire} flickers"] = partial(wire_flickers, wire=wire)
        for kind in POSTGRES_WIRE if wire == "postgres" else OTHER_WIRE:
            broken[f"{wire} {kind}"] = partial(wire_broken, wire=wire, fault=kind)
    return broken


def _stripe() -> dict[str, Fault]:
    return {
        f"stripe: {name}": partial(stripe_misbehaves, orders=orders)
        for name, orders in (MISBEHAVIOURS | SILENT).items()
    }


def _others() -> dict[str, Fault]:
    return {
        "access dies at rebuild.before_swap": dies_rebuilding,
        "catalog dies at snapshot.taken": dies_taking_a_snapshot,
        "access in two versions": newer_beside,
        "paid after the hold": paid_after_the_hold,
        "NATS deleted": streams_lost,
        "older NATS back": older_streams_back,
        "rush": rush,
        **{f"full_disk {name}": partial(full_disk, disks=(name,)) for name in DISKS},
        "full_disk everything": full_disk,
    }
