"""From PostgreSQL's open port to the first good order, after a kill under load.

Promise: 2 s at most. The baseline is the duration of an order without faults, in the same run and
under the same load. The report also says how long a bare client needs for its first commit.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final

import psycopg

from bench.report import Promise, Report
from ops import stores
from tests.chaos.machine import Machine, running_machine

WORST_S: Final = 2.0
_BETWEEN_S: Final = 3.0
_BARE: Final = "CREATE TEMPORARY TABLE IF NOT EXISTS one_commit (n int)"


def add_options(parser: argparse.ArgumentParser) -> None:
    """How often it is killed, and under how many buyers."""
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)


def measure(given: argparse.Namespace) -> Report:
    """Kill it repeatedly while people buy; in the end everything must be right."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_machine(Path(folder), given.seed) as machine,
    ):
        whole, bare, ours = list[float](), list[float](), list[float]()
        for _ in range(given.kills):
            machine.stock_up()
            before, after = (machine.publish(stock=10) for _ in range(2))
            machine.crowd.buy()
            time.sleep(_BETWEEN_S)
            whole.append(machine.crowd.until_order_opens(before))
            machine.kill("postgres")
            bare.append(_until_port_and_first_commit(machine))
            ours.append(bare[-1] + machine.crowd.until_order_opens(after))
        machine.crowd.rest()
        violations = machine.look("recovery").violations
    return Report(
        "recovery",
        median(ours),
        median(whole),
        "s",
        rows=[
            ("PostgreSQL killed", f"{given.kills} times"),
            ("first good order, median / worst", f"{median(ours):.2f} / {max(ours):.2f} s"),
            ("a bare client's first commit", f"{median(bare):.2f} / {max(bare):.2f} s"),
            ("an order when nothing is broken", f"{median(whole):.2f} / {max(whole):.2f} s"),
            ("what was not right at the end", str(len(violations))),
        ],
        promises=[
            Promise("the worst, s", max(ours), WORST_S),
            Promise("violations", len(violations), 0),
        ],
        more={"worst_s": max(ours), "bare_s": median(bare), "violations": len(violations)},
    )


def _until_port_and_first_commit(machine: Machine) -> float:
    """Return the seconds that a bare client needs for its first commit after the port opens."""
    url = stores.database_url("checkout", machine.data)
    opened_at: float | None = None
    while True:
        try:
            with psycopg.connect(url, connect_timeout=1) as conn:
                opened_at = opened_at or time.monotonic()
                conn.execute(_BARE)
        except psycopg.OperationalError as away:
            if "refused" not in str(away):
                opened_at = opened_at or time.monotonic()
            time.sleep(0.01)
        else:
            return time.monotonic() - opened_at
