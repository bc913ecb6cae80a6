"""`./bp simulate --seed N` runs one story; `--seeds N [--from M]` runs many.

Starts a PostgreSQL of its own, or uses the one that BP_TEST_POSTGRES_URL names.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import PostgresServer, running_postgres
from tests.simulation.mutants import WITHOUT
from tests.simulation.play import Outcome, built_site, play
from tests.simulation.world import Protections


def main() -> int:
    """Run, print, and return by the exit code whether any promise was broken."""
    asked = _arguments()
    protections = WITHOUT.get(asked.without, Protections())
    first = asked.first if asked.seed is None else asked.seed
    number = asked.seeds if asked.seed is None else 1
    begun = time.monotonic()
    outcomes = []
    with _postgres() as postgres, built_site(postgres) as site:
        for seed in range(first, first + number):
            outcome = play(site, seed, protections)
            outcomes.append(outcome)
            if outcome.damage or asked.seed is not None:
                print(outcome, end="\n\n", flush=True)  # noqa: T201
    print(_summary(outcomes, time.monotonic() - begun, as_json=asked.json))  # noqa: T201
    return 1 if any(outcome.damage for outcome in outcomes) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./bp simulate", description=__doc__)
    parser.add_argument("--seed", type=int, help="tell the story of this seed")
    parser.add_argument("--seeds", type=int, default=200, help="how many stories, without --seed")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first of them")
    parser.add_argument("--without", choices=sorted(WITHOUT), help="take a protection away")
    parser.add_argument("--json", action="store_true", help="the summary as one object")
    return parser.parse_args()


@contextmanager
def _postgres() -> Iterator[PostgresServer]:
    given = os.environ.get("BP_TEST_POSTGRES_URL")
    if given:
        yield PostgresServer(given, None)
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        running_postgres(Path(folder), fsync="off") as postgres,
    ):
        yield postgres


def _summary(outcomes: list[Outcome], took_s: float, *, as_json: bool) -> str:
    """Use the words of the chaos machine: a cycle is a story here."""
    damaged = [outcome.seed for outcome in outcomes if outcome.damage]
    numbers = {
        "cycles": len(outcomes),
        "faults": sum(outcome.mishaps for outcome in outcomes),
        "purchases": sum(outcome.purchases for outcome in outcomes),
        "captured": sum(outcome.captured for outcome in outcomes),
        "violations": len(damaged),
        "damaged": damaged,
        "seed": outcomes[0].seed,
        "took_s": round(took_s, 1),
    }
    if as_json:
        return json.dumps(numbers)
    return ", ".join(f"{name} {value}" for name, value in numbers.items())


if __name__ == "__main__":
    sys.exit(main())
