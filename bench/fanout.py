"""From PassPurchased committed to access, channel member and notice committed, under load.

Signed-in people buy at a steady rate through the gateway, each purchase with a card, on a system of
its own. The floor is measured in the same run, between the purchases: one PostgreSQL commit, one
acknowledged publish to JetStream, one commit of a consumer that waited for it.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import psutil
import psycopg
from nats.aio.client import Client

from bench.report import Promise, Report, percentile
from libs.runtime.messaging import bus
from libs.runtime.messaging.subscription import PullSubscription
from ops import showcase, stores
from ops.timeline import FanOut, Listener, fan_outs, is_complete
from ops.up.data_folder import DataFolder
from ops.visitor import Visitor

RATIO_P50: Final = 10.0
RATIO_P99: Final = 40.0
READY_S: Final = 10.0
IDLE_MB: Final = 900.0
_BUYERS: Final = 30
_FLOOR_EVERY_S: Final = 0.25
_STREAM: Final = "BENCH_FLOOR"
_READY_WITHIN_S: Final = 120.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """The rate, the duration, and the folder."""
    parser.add_argument("--rate", type=float, default=10.0, help="purchases per second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--port", type=int, default=18_000, help="base port of the bench's system")


def measure(given: argparse.Namespace) -> Report:
    """Start a system, measure it idle, load it, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with _running(data, given.port):
            pass
        begun = time.monotonic()
        with _running(data, given.port) as process:
            ready_s = time.monotonic() - begun
            time.sleep(3)
            idle_mb = _python_memory_mb(process.pid)
            fans_out, floor = asyncio.run(_load(DataFolder(data), given))
    return _report(given, fans_out, floor, ready_s, idle_mb)


def _report(
    given: argparse.Namespace,
    fans_out: list[FanOut],
    floor: list[float],
    ready_s: float,
    idle_mb: float,
) -> Report:
    took = [one.all_ms for one in fans_out]
    p50, p99, floor_p50 = percentile(took, 0.5), percentile(took, 0.99), percentile(floor, 0.5)
    rows = [
        ("purchases", f"{len(took)} at {given.rate:g}/s"),
        ("all effects, p50 / p99", f"{p50:.1f} / {p99:.1f} ms"),
    ]
    for name in ("access", "chat", "notice"):
        each = [getattr(one, f"{name}_ms") for one in fans_out]
        rows.append((f"{name}, p50 / p99", _both(each)))
    rows += [
        ("floor, p50 / p99", _both(floor)),
        ("seconds to ready, warm", f"{ready_s:.1f}"),
        ("all Python processes, idle", f"{idle_mb:.0f} MB"),
    ]
    return Report(
        "fanout",
        p50,
        floor_p50,
        "ms",
        rows=rows,
        promises=[
            Promise("p50 / floor", p50 / floor_p50, RATIO_P50),
            Promise("p99 / floor", p99 / floor_p50, RATIO_P99),
            Promise("seconds to ready", ready_s, READY_S),
            Promise("idle memory, MB", idle_mb, IDLE_MB),
        ],
        more={
            "p50_ms": p50,
            "p99_ms": p99,
            "ratio_p99": p99 / floor_p50,
            "purchases": len(took),
            "ready_s": ready_s,
            "idle_mb": idle_mb,
        },
    )


def _both(values: list[float]) -> str:
    return f"{percentile(values, 0.5):.1f} / {percentile(values, 0.99):.1f} ms"


@contextmanager
def _running(data: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Start a system as `up` does, without its limits per network address."""
    limits = {
        "SIGN_IN_POSTS_PER_MINUTE": "10000",
        "PURCHASE_POSTS_PER_MINUTE": "10000",
        "PURCHASE_POSTS_PER_MINUTE_AND_NETWORK": "100000",
        "SIGN_IN_SENDS_PER_NETWORK": "10000",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "ops", "up", "--port", str(port), "--data", str(data)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **limits},
    )
    try:
        _until_ready(process)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def _until_ready(process: subprocess.Popen[str]) -> None:
    if process.stdout is None:
        raise RuntimeError("the system's output is not ours")
    said = []
    give_up_at = time.monotonic() + _READY_WITHIN_S
    for line in process.stdout:
        said.append(line)
        if "is ready at" in line:
            # Drain the pipe: a full pipe would stop the system.
            ThreadPoolExecutor(1).submit(process.stdout.read)
            return
        if time.monotonic() > give_up_at:
            break
    raise RuntimeError("the system did not start:\n" + "".join(said[-20:]))


def _python_memory_mb(pid: int) -> float:
    supervisor = psutil.Process(pid)
    family = [supervisor, *supervisor.children(recursive=True)]
    resident: int = sum(p.memory_info().rss for p in family if "python" in p.name())
    return resident / 1_000_000


async def _load(folder: DataFolder, given: argparse.Namespace) -> tuple[list[FanOut], list[float]]:
    running = folder.running()
    gateway, sandbox = f"http://localhost:{given.port}", running.urls["sandbox"]
    wanted = round(given.rate * given.seconds)
    buyers, passes = await asyncio.to_thread(_prepare, gateway, sandbox, wanted)
    client = await bus.connect(stores.nats_url(folder), "bench")
    floor = _Floor(folder, client)
    await floor.prepare()
    listener = Listener(client)
    await listener.start()
    measuring = asyncio.create_task(floor.measure())
    await asyncio.to_thread(_buy_steadily, buyers, passes, wanted, given.rate)
    measuring.cancel()
    await listener.until(lambda said: is_complete(said, wanted), 60)
    await floor.close()
    await bus.close(client)
    return await asyncio.to_thread(fan_outs, listener.said, folder), floor.took_ms


def _prepare(gateway: str, sandbox: str, wanted: int) -> tuple[list[Visitor], list[str]]:
    """Prepare buyers and passes; each pass opens an experience of its own."""
    creator = Visitor(gateway, sandbox, "creator@example.com")
    creator.sign_in()
    made = showcase.create(creator)
    terms = {"pricing_type": "one_time", "price_minor": 1900, "stock": 10_000}
    passes = []
    for number in range(-(-wanted // _BUYERS)):
        slug, name = f"night-{number}", f"Night {number}"
        experience = creator.call(
            "POST",
            f"/api/spaces/{made.space}/experiences",
            {"slug": slug, "name": name, "kind": "live"},
        )
        chosen = [experience["experience_id"]]
        passes.append(showcase.publish_pass(creator, made.space, slug, name, "", chosen, terms))
    buyers = [Visitor(gateway, sandbox, f"fan-{n}@example.com") for n in range(_BUYERS)]
    for buyer in buyers:
        buyer.sign_in()
    return buyers, passes


def _buy_steadily(buyers: list[Visitor], passes: list[str], wanted: int, rate: float) -> None:
    """Start each purchase at its own moment, whether earlier ones are done or not."""
    begun = time.monotonic()

    def buy(number: int) -> None:
        wait = begun + number / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        buyers[number % len(buyers)].buy(passes[number // len(buyers)])

    with ThreadPoolExecutor(_BUYERS) as threads:
        list(threads.map(buy, range(wanted)))


class _Floor:
    """Measure one commit, one acknowledged publish, and one commit of the waiting consumer."""

    def __init__(self, folder: DataFolder, client: Client) -> None:
        self.took_ms: list[float] = []
        self._url = stores.database_url("checkout", folder)
        self._client = client
        self._js = client.jetstream(timeout=5)
        self._arrived: asyncio.Queue[Any] = asyncio.Queue()

    async def prepare(self) -> None:
        """Create a stream and a durable of its own, and a table on each side."""
        await self._js.add_stream(name=_STREAM, subjects=["bench.floor"])
        await self._js.add_consumer(_STREAM, durable_name="floor", ack_policy="explicit")
        self._one = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        self._other = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        await self._one.execute("CREATE TABLE bench_floor (id uuid PRIMARY KEY, side text)")

    async def measure(self) -> None:
        """Repeat until cancelled."""
        pulling = PullSubscription(self._client, _STREAM, "floor", self._arrived.put_nowait)
        task = asyncio.create_task(self._pull(pulling))
        try:
            await asyncio.sleep(1)
            while True:
                await self._round()
                await asyncio.sleep(_FLOOR_EVERY_S)
        finally:
            task.cancel()

    async def close(self) -> None:
        """Remove the stream and the tables."""
        await self._one.execute("DROP TABLE bench_floor")
        await self._js.delete_stream(_STREAM)
        await self._one.close()
        await self._other.close()

    async def _pull(self, pulling: PullSubscription) -> None:
        while True:
            await pulling.pull()

    async def _round(self) -> None:
        begun = time.perf_counter()
        await self._one.execute("INSERT INTO bench_floor VALUES (%s, 'one')", (uuid4(),))
        await self._js.publish("bench.floor", b"x" * 600, headers={"Nats-Msg-Id": uuid4().hex})
        message = await self._arrived.get()
        await self._other.execute("INSERT INTO bench_floor VALUES (%s, 'other')", (uuid4(),))
        self.took_ms.append((time.perf_counter() - begun) * 1000)
        await message.ack()
