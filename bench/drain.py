"""The relay after an outage: events published per second, compared with a bare chained publisher.

Promise: at least 0.7 of the bare publisher, which sends the same bodies with the same chain of
expected ids and reads no store.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from nats.js import JetStreamContext

from bench.report import Promise, Report
from bench.tally import NOTE, Tallies, to_contract
from libs.events.contract import subject_of
from libs.events.envelope import Envelope
from libs.events.identity import PersonRegistered
from libs.runtime.messaging import bus
from libs.runtime.messaging.relay import Relay
from libs.runtime.scheduling.clock import SystemClock
from libs.runtime.store.cause import Cause
from libs.runtime.store.leadership import Leadership
from libs.runtime.store.store import Store
from tests.servers import running_nats, running_postgres

RATIO: Final = 0.7
_WINDOW: Final = 64


def add_options(parser: argparse.ArgumentParser) -> None:
    """How many events wait."""
    parser.add_argument("--events", type=int, default=20_000, help="that wait in the store")


def measure(given: argparse.Namespace) -> Report:
    """Measure both sides on one durable NATS, one after the other."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_postgres(Path(folder)) as postgres,
        running_nats(Path(folder)) as nats,
    ):
        url = postgres.create_database()
        baseline = asyncio.run(_bare(nats.url, given.events))
        ours = asyncio.run(_relay(url, nats.url, given.events))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Report(
        "drain",
        ours,
        baseline,
        "events/s",
        rows=[
            ("events", f"{given.events:,}"),
            ("the relay", f"{ours:,.0f} events/s"),
            ("a bare chained publisher", f"{baseline:,.0f} events/s"),
            ("peak memory", f"{peak_mb:.0f} MB"),
        ],
        promises=[Promise("ratio", ours / baseline, RATIO, at_least=True)],
        more={"events": given.events, "peak_mb": peak_mb},
    )


async def _relay(url: str, nats_url: str, events: int) -> float:
    store = Store("identity", url, Tallies)
    await asyncio.to_thread(_fill, store, events)
    client = await bus.connect(nats_url, "bench")
    leadership = Leadership(url, "bench")
    relay = Relay(store, client, leadership, to_contract)
    begun = time.perf_counter()
    running = asyncio.create_task(relay.run())
    while relay.published < events:  # noqa: ASYNC110 - the relay signals nothing
        await asyncio.sleep(0.01)
    took = time.perf_counter() - begun
    running.cancel()
    await leadership.close()
    await bus.close(client)
    store.close()
    return events / took


def _fill(store: Store[Tallies], events: int) -> None:
    store.open()
    for start in range(0, events, 500):

        def count_many(many: int = min(500, events - start)) -> None:
            for _ in range(many):
                store.application.count(NOTE)

        store.work(Cause(uuid4()), count_many)


async def _bare(nats_url: str, events: int) -> float:
    client = await bus.connect(nats_url, "bare")
    js = client.jetstream(timeout=5)
    await bus.ensure_stream(js, "bare")
    bodies = [(i, uuid4()) for i in range(events)]
    begun = time.perf_counter()
    for start in range(0, events, _WINDOW):
        await asyncio.gather(
            *(_publish(js, number, id_) for number, id_ in bodies[start : start + _WINDOW])
        )
    took = time.perf_counter() - begun
    await js.delete_stream("BP_BARE")
    await bus.close(client)
    return events / took


async def _publish(js: JetStreamContext, number: int, id_: UUID) -> None:
    now = SystemClock().now()
    envelope = Envelope(
        id_, PersonRegistered.type, "bare", id_, 1, now, now, f"1.{number}", "bench"
    )
    headers = envelope.to_headers() | {"Nats-Msg-Id": f"bare.1.{number}"}
    if number:
        headers["Nats-Expected-Last-Msg-Id"] = f"bare.1.{number - 1}"
    body = PersonRegistered(person_id=id_).model_dump_json().encode()
    await js.publish(
        subject_of(PersonRegistered.type, id_).replace("identity", "bare"),
        body,
        stream="BP_BARE",
        headers=headers,
    )


__all__: Sequence[str] = ("add_options", "measure")
