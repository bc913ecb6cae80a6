"""Each subscribed event was handled once, or waits for an operator, within a minute."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from nats.aio.client import Client
from nats.js.errors import NotFoundError
from psycopg import Connection
from psycopg.rows import DictRow

from libs.events.contract import stream_of
from libs.runtime.messaging import dead_letters
from libs.runtime.messaging.streams import Message, read_stream
from ops import stores
from ops.up.data_folder import DataFolder
from ops.verify.finding import Finding

_EXAMPLES: Final = 3
HANDLED_WITHIN: Final = timedelta(minutes=1)

_BOTH: Final = """
    SELECT p.dead_letter_id, p.message_key FROM dead_letters p
    JOIN inbox i ON i.event_id::text = p.message_key
    WHERE p.skipped_at IS NULL
"""


@dataclass
class _Unhandled:
    """Events that a service has not handled: how many, and some examples."""

    number: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, event_ids: Iterable[UUID]) -> None:
        """Count them."""
        for event_id in event_ids:
            self.number += 1
            if len(self.examples) < _EXAMPLES:
                self.examples.append(str(event_id))


@dataclass
class _Hearer:
    """One subscriber of the producer: its subscriptions, and how far it has acknowledged."""

    service: str
    producer: str
    types: frozenset[str]
    conn: Connection[DictRow]
    floor: int
    forgotten: _Unhandled = field(default_factory=_Unhandled)
    late: _Unhandled = field(default_factory=_Unhandled)

    def check(self, page: Sequence[Message], before: datetime) -> None:
        """Look up what it has acknowledged, and what was recorded before then."""
        heard = [m for m in page if m.headers.get("ce-type") in self.types]
        self.forgotten.add(self._unknown([m for m in heard if m.sequence <= self.floor]))
        waiting = [m for m in heard if m.sequence > self.floor and _recorded_at(m) < before]
        self.late.add(self._unknown(waiting))

    def _unknown(self, messages: Sequence[Message]) -> list[UUID]:
        ids = [UUID(message.headers["ce-id"]) for message in messages]
        durable = f"{self.service}-{self.producer}"
        with self.conn.cursor() as curs:
            return dead_letters.unknown_of(curs, durable, ids) if ids else []


async def check_effects(
    client: Client, folder: DataFolder, since: Mapping[str, int], now: datetime
) -> tuple[list[Finding], dict[str, int]]:
    """Return the findings, and up to which sequence of each producer's stream all is well."""
    findings: list[Finding] = []
    reached: dict[str, int] = {}
    for producer in stores.SERVICES:
        with ExitStack() as stack:
            found, floor = await _check_stream(
                client, folder, producer, stack, since.get(producer, 0), now - HANDLED_WITHIN
            )
        findings += found
        reached[producer] = since.get(producer, 0) if found else floor
    for service in stores.SERVICES:
        findings += _dead_letters_that_were_handled(service, folder)
    return findings, reached


async def _check_stream(
    client: Client,
    folder: DataFolder,
    producer: str,
    stack: ExitStack,
    since: int,
    before: datetime,
) -> tuple[list[Finding], int]:
    try:
        last = (await client.jetstream().stream_info(stream_of(producer))).state.last_seq
    except NotFoundError:
        return [], 0
    hearers = [each async for each in _hearers(client, folder, producer, stack, last)]
    if not hearers:
        return [], since
    # A refilled stream starts at sequence one again.
    since = since if since <= last else 0
    lowest, highest = min(each.floor for each in hearers), max(each.floor for each in hearers)
    async for page in read_stream(client, producer, since):
        for hearer in hearers:
            hearer.check(page, before)
        # A backlog need not be counted to its end, and young messages need not be read.
        behind = all(each.late.number for each in hearers if each.floor < last)
        if page[-1].sequence >= highest and (behind or _recorded_at(page[-1]) >= before):
            break
    found = [finding for each in hearers for finding in _findings(each)]
    return found, max(since, min(lowest, last))


def _recorded_at(message: Message) -> datetime:
    return datetime.fromisoformat(message.headers["ce-recordedtime"])


def _findings(hearer: _Hearer) -> Iterator[Finding]:
    service, producer = hearer.service, hearer.producer
    replay = f"backstage events replay --from {producer} --to {service}"
    forgotten, late = hearer.forgotten, hearer.late
    if forgotten.number:
        yield Finding(
            "effects",
            service,
            f"{service} acknowledged {forgotten.number} events of {producer} that it has neither"
            f" handled nor stored as dead letters: {', '.join(forgotten.examples)}",
            replay,
        )
    if late.number:
        yield Finding(
            "effects",
            service,
            f"{service} has not handled {late.number} events of {producer}, or more, that are older"
            f" than a minute: {', '.join(late.examples)}",
            f"start {service} if it does not run; if that does not help: {replay}",
        )


async def _hearers(
    client: Client, folder: DataFolder, producer: str, stack: ExitStack, last: int
) -> AsyncIterator[_Hearer]:
    for service in stores.SERVICES:
        types = {c.type for c in stores.hears_of(service) if c.producer() == producer}
        if not types:
            continue
        conn = stack.enter_context(stores.reading(stores.database_url(service, folder)))
        floor = await _floor(client, producer, f"{service}-{producer}", last)
        yield _Hearer(service, producer, frozenset(types), conn, floor)


async def _floor(client: Client, producer: str, durable: str, last: int) -> int:
    """Return up to where a service has acknowledged: the last message if nothing waits for it."""
    try:
        info = await client.jetstream().consumer_info(stream_of(producer), durable)
    except NotFoundError:
        return 0
    if not info.num_pending and not info.num_ack_pending:
        return last
    return int(info.ack_floor.stream_seq or 0) if info.ack_floor else 0


def _dead_letters_that_were_handled(service: str, folder: DataFolder) -> list[Finding]:
    with stores.reading(stores.database_url(service, folder)) as conn:
        rows = conn.execute(_BOTH).fetchall()
    return [
        Finding(
            "effects",
            service,
            f"event {row['message_key']} is a dead letter although it was handled",
            f"backstage dead-letters skip {service} {row['dead_letter_id']} --reason handled",
        )
        for row in rows[:_EXAMPLES]
    ]
