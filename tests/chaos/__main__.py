"""`./bp chaos`: breaks a system of its own for a while, and prints what it found."""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from typer import echo

from ops.programs import compiled
from ops.programs.cache import CannotPrepare
from ops.visitor import Refused
from tests.chaos.buyers import NotHeard
from tests.chaos.faults import NeverPassed, catalogue
from tests.chaos.invariants import Violation
from tests.chaos.machine import UNANSWERED, Cycle, Fault, Machine, running_machine
from tests.chaos.rush import NoRush
from tests.chaos.small_disks import NotAllowed

_PATIENCE_S = 240.0
_GONE_WRONG = (AssertionError, LookupError, Refused, NotHeard, *UNANSWERED)
_HOLD_S = 30.0
"""Short, so that seats return in every cycle."""


def main() -> int:
    """Run cycles; returns 1 if a promise was broken, 2 for an unknown name."""
    options = _options()
    given = options.parse_args()
    only = given.only or ""
    if not any(only in name for name in catalogue()):
        options.error(f"no fault has {only!r} in its name; they are: {', '.join(catalogue())}")
    faults = {name: fault for name, fault in _possible().items() if only in name}
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1_000_000)
    echo(f"seed {seed}")
    with (
        tempfile.TemporaryDirectory(prefix="chaos-") as folder,
        running_machine(Path(folder), seed, _HOLD_S) as machine,
    ):
        cycles, not_broken = _break(machine, given.minutes * 60, faults)
        looks = [machine.wait_for_the_end_of_holds(), machine.verify()]
        for number, look in enumerate(looks, len(cycles) + 1):
            _tell_of(look, number)
        repeated, no_disks = machine.checker.repeated_mails, machine.disks.refusal
        if any(cycle.violations for cycle in [*cycles, *looks]):
            kept = Path(tempfile.gettempdir()) / f"chaos-{seed}.log"
            kept.write_bytes(machine.system.log.read_bytes())
            echo(f"the system's log is kept: {kept}")
    if no_disks:
        echo(no_disks)
    return _tell(cycles, looks, seed, repeated, not_broken, as_json=given.json)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./bp chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, help="the same faults in the same order")
    parser.add_argument("--only", help="faults with this in their name")
    parser.add_argument("--json", action="store_true", help="one object on the last line")
    return parser


def _possible() -> dict[str, Fault]:
    faults = catalogue()
    try:
        compiled.ensure(compiled.LIVEKIT, echo)
    except CannotPrepare as why:
        echo(str(why))
        del faults["kill -9 livekit"]
    return faults


def _break(
    machine: Machine, seconds: float, faults: Mapping[str, Fault]
) -> tuple[list[Cycle], int]:
    """Return the cycles, and how many were skipped because their fault did not occur."""
    cycles, not_broken = list[Cycle](), 0
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        # Each fault once, in this seed's order, before any is repeated.
        names = list(faults)
        machine.rng.shuffle(names)
        for name in names:
            if time.monotonic() > give_up_at:
                break
            try:
                cycle = machine.cycle(name, faults[name], _PATIENCE_S)
            except (NeverPassed, NoRush, NotAllowed) as missed:
                if not isinstance(missed, NotAllowed):
                    echo(f"      not broken: {missed}")
                not_broken += 1
                continue
            except _GONE_WRONG as wrong:
                why = Violation("the cycle could not be gone through", repr(wrong), "./bp up")
                cycle = Cycle(name, 0, 0, 0.0, [why])
            cycles.append(cycle)
            _tell_of(cycle, len(cycles))
    return cycles, not_broken


def _tell_of(cycle: Cycle, number: int) -> None:
    echo(
        f"{number:4}  {cycle.fault:45} {cycle.bought:3} bought of {cycle.purchases:3} tried,"
        f" settled after {cycle.settled_after_s:5.1f} s, {len(cycle.violations)} violations"
        + (
            ""
            if cycle.whole_after_s is None
            else f", whole purchase {cycle.whole_after_s:.1f} s after there was room"
        )
    )
    for violation in cycle.violations[:10]:
        echo(f"      {violation}")


def _slowest_after_full(cycles: list[Cycle]) -> dict[str, float]:
    """Return, by fault, the longest time from room on a full disk to the first whole purchase."""
    took = sorted((c.fault, c.whole_after_s) for c in cycles if c.whole_after_s is not None)
    return dict(took)


def _tell(
    cycles: list[Cycle],
    looks: list[Cycle],
    seed: int,
    repeated_mails: int,
    not_broken: int,
    *,
    as_json: bool,
) -> int:
    kinds = {cycle.fault for cycle in cycles}
    violations = [violation for cycle in [*cycles, *looks] for violation in cycle.violations]
    purchases = sum(cycle.purchases for cycle in cycles)
    bought = sum(cycle.bought for cycle in cycles)
    echo(f"\n{'cycles':20} {len(cycles)}\n{'kinds of fault':20} {len(kinds)}")
    echo(f"{'not broken':20} {not_broken}\n{'purchases tried':20} {purchases}")
    echo(f"{'told it is theirs':20} {bought}\n{'violations':20} {len(violations)}")
    echo(f"{'mails sent twice':20} {repeated_mails}\n{'seed':20} {seed}")
    if as_json:
        said = {
            "cycles": len(cycles),
            "faults": len(cycles),
            "kinds": len(kinds),
            "purchases": purchases,
            "bought": bought,
            "not_broken": not_broken,
            "violations": len(violations),
            "repeated_mails": repeated_mails,
            "whole_purchase_after_s": _slowest_after_full(cycles),
            "slowest_s": max((c.settled_after_s for c in cycles), default=0.0),
            "seed": seed,
        }
        echo(json.dumps(said))
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
