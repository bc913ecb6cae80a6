"""Events stored per second by 16 writers beside a follower, compared with the library's recorder.

Promise: at least 3 times the library's default, and the follower misses nothing. Only our side has
a follower. It reads in the same interpreter as the writers, so it lowers only our figure. Measure
on an idle machine: other load slows the library down more (a ratio of 3.5 to 3.7 with little load,
of 4.4 to 6.5 with several busy processes for each core).
"""

import argparse
import resource
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

from psycopg import Cursor
from psycopg.rows import DictRow

from bench.report import Promise, Report
from bench.tally import NOTE, Tallies
from libs.runtime.store import log
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from tests.servers import running_postgres

WRITERS: Final = 16
RATIO: Final = 3.0
_TURNS: Final = 5


def add_options(parser: argparse.ArgumentParser) -> None:
    """How long each side writes."""
    parser.add_argument("--seconds", type=float, default=15.0, help="of writing, for each side")


def measure(given: argparse.Namespace) -> Report:
    """Measure both sides on one durable server, taking turns, so that other load meets both."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_postgres(Path(folder)) as postgres,
        _default_recorder(postgres.create_database()) as theirs,
        _our_store(postgres.create_database()) as store,
    ):
        turn_s = given.seconds / _TURNS
        by_them, stored, position, missed = 0, 0, log.START, 0
        for _ in range(_TURNS):
            by_them += _write(lambda: theirs.count(NOTE), turn_s)
            written, seen, position = _followed(store, turn_s, position)
            stored += written
            missed += written - seen
    ours, baseline = stored / given.seconds, by_them / given.seconds
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Report(
        "append",
        ours,
        baseline,
        "events/s",
        rows=[
            ("writers", str(WRITERS)),
            ("ours, with a follower", f"{ours:,.0f} events/s ({stored:,} stored)"),
            ("the library's recorder", f"{baseline:,.0f} events/s"),
            ("missed by the follower", str(missed)),
            ("peak memory", f"{peak_mb:.0f} MB"),
        ],
        promises=[
            Promise("ratio", ours / baseline, RATIO, at_least=True),
            Promise("missed", missed, 0),
        ],
        more={"missed": missed, "stored": stored, "peak_mb": peak_mb},
    )


@contextmanager
def _default_recorder(url: str) -> Iterator[Tallies]:
    parts = urlsplit(url)
    application = Tallies(
        {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": parts.path.removeprefix("/"),
            "POSTGRES_HOST": parts.hostname or "",
            "POSTGRES_PORT": str(parts.port),
            "POSTGRES_USER": parts.username or "",
            "POSTGRES_PASSWORD": parts.password or "",
            "POSTGRES_POOL_SIZE": str(WRITERS),
            "POSTGRES_MAX_OVERFLOW": "0",
        }
    )
    yield application
    application.close()


@contextmanager
def _our_store(url: str) -> Iterator[Store[Tallies]]:
    store = Store("bench", url, Tallies, pool_size=WRITERS + 2)
    store.open()
    yield store
    store.close()


def _followed(
    store: Store[Tallies], seconds: float, after: log.Position
) -> tuple[int, int, log.Position]:
    """Return how many events were written, how many a follower saw, and how far it came."""
    all_written = threading.Event()
    with ThreadPoolExecutor(1) as follower:
        following = follower.submit(_follow, store, after, all_written)
        written = _write(lambda: store.work(Cause(uuid4()), _count(store)), seconds)
        all_written.set()
        seen, position = following.result()
    return written, seen, position


def _count(store: Store[Tallies]) -> Callable[[], None]:
    return lambda: store.application.count(NOTE)


def _write(write: Callable[[], None], seconds: float) -> int:
    stop_at = time.monotonic() + seconds

    def writer(_: int) -> int:
        written = 0
        while time.monotonic() < stop_at:
            write()
            written += 1
        return written

    with ThreadPoolExecutor(WRITERS) as threads:
        return sum(threads.map(writer, range(WRITERS)))


def _next_page(after: log.Position) -> Callable[[Cursor[DictRow]], log.Page]:
    return lambda curs: log.read_after(curs, after, 500)


def _follow(
    store: Store[Tallies], position: log.Position, all_written: threading.Event
) -> tuple[int, log.Position]:
    seen = 0
    while True:
        last_round = all_written.is_set()
        page = store.query(_next_page(position))
        seen += len(page.events)
        position = page.events[-1].position if page.events else position
        if last_round and not page.events and not page.unsettled:
            return seen, position
        if not page.events:
            time.sleep(0.01)
