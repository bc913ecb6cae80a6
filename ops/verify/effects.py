"""Each event that a service has acknowledged was handled once, or waits for an operator."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from nats.aio.client import Client
from nats.js.errors import NotFoundError
from psycopg import Connection
from psycopg.rows import DictRow

from libs.events.contract import stream_of
from libs.runtime.streams import Message, read_stream
from ops import stores
from ops.up.data_folder import DataFolder
from ops.verify.finding import Finding

_EXAMPLES: Final = 3

_WITHOUT_EFFECT: Final = """
    SELECT id FROM unnest(%(ids)s::uuid[]) AS id
    WHERE NOT EXISTS (SELECT FROM inbox WHERE event_id = id)
      AND NOT EXISTS (SELECT FROM parked WHERE durable = %(durable)s AND message_key = id::text)
"""
_BOTH: Final = """
    SELECT message_key FROM parked p JOIN inbox i ON i.event_id::text = p.message_key
    WHERE p.skipped_at IS NULL
"""


@dataclass
class _Hearer:
    """One service that hears the producer: what it hears, and how far it has acknowledged."""

    service: str
    types: frozenset[str]
    conn: Connection[DictRow]
    floor: int
    missing: int = 0
    examples: list[str] = field(default_factory=list)

    def check(self, page: Sequence[Message]) -> None:
        """Look each of the messages up."""
        heard = [
            UUID(message.headers["ce-id"])
            for message in page
            if message.sequence <= self.floor and message.headers.get("ce-type") in self.types
        ]
        producer = page[0].headers.get("ce-source", "/").removeprefix("/")
        parameters = {"ids": heard, "durable": f"{self.service}-{producer}"}
        for row in self.conn.execute(_WITHOUT_EFFECT, parameters) if heard else ():
            self.missing += 1
            if len(self.examples) < _EXAMPLES:
                self.examples.append(str(row["id"]))


async def check_effects(
    client: Client, folder: DataFolder, since: Mapping[str, int]
) -> tuple[list[Finding], dict[str, int]]:
    """What is amiss, and up to which sequence of each producer's stream all is well."""
    findings: list[Finding] = []
    reached: dict[str, int] = {}
    for producer in stores.SERVICES:
        with ExitStack() as stack:
            hearers = [each async for each in _hearers(client, folder, producer, stack)]
            found, floor = await _check_stream(client, producer, hearers, since.get(producer, 0))
        findings += found
        reached[producer] = since.get(producer, 0) if found else floor
    for service in stores.SERVICES:
        findings += _parked_and_handled(service, folder)
    return findings, reached


async def _check_stream(
    client: Client, producer: str, hearers: list[_Hearer], since: int
) -> tuple[list[Finding], int]:
    if not hearers:
        return [], since
    try:
        last = (await client.jetstream().stream_info(stream_of(producer))).state.last_seq
    except NotFoundError:
        return [], 0
    # A stream that was filled anew counts from one again.
    since = since if since <= last else 0
    lowest, highest = min(each.floor for each in hearers), max(each.floor for each in hearers)
    async for page in read_stream(client, producer, since):
        for hearer in hearers:
            hearer.check(page)
        if page[-1].sequence >= highest:
            break
    found = [_finding(each, producer) for each in hearers if each.missing]
    return found, max(since, min(lowest, last))


def _finding(hearer: _Hearer, producer: str) -> Finding:
    return Finding(
        "effects",
        hearer.service,
        f"{hearer.service} acknowledged {hearer.missing} events of {producer} that it neither"
        f" handled nor parked: {', '.join(hearer.examples)}",
        f"backstage events replay --from {producer} --to {hearer.service}",
    )


async def _hearers(
    client: Client, folder: DataFolder, producer: str, stack: ExitStack
) -> AsyncIterator[_Hearer]:
    for service in stores.SERVICES:
        types = {c.type for c in stores.hears_of(service) if c.producer() == producer}
        if not types:
            continue
        conn = stack.enter_context(stores.reading(stores.database_url(service, folder)))
        floor = await _floor(client, producer, f"{service}-{producer}")
        yield _Hearer(service, frozenset(types), conn, floor)


async def _floor(client: Client, producer: str, durable: str) -> int:
    try:
        info: Any = await client.jetstream().consumer_info(stream_of(producer), durable)
    except NotFoundError:
        return 0
    return int(info.ack_floor.stream_seq or 0) if info.ack_floor else 0


def _parked_and_handled(service: str, folder: DataFolder) -> list[Finding]:
    with stores.reading(stores.database_url(service, folder)) as conn:
        keys = [row["message_key"] for row in conn.execute(_BOTH)]
    if not keys:
        return []
    return [
        Finding(
            "effects",
            service,
            f"{len(keys)} events are parked although they were handled: {keys[0]}",
            f"backstage parked ls --service {service}; then `parked skip` each",
        )
    ]
