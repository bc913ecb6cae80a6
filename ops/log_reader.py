"""Reading the services' logs: their events, and whether their streams hold them."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

from eventsourcing.persistence import Mapper
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import ValidationError

from libs.events.contract import Contract, stream_of
from libs.events.envelope import event_id_of
from libs.runtime.messaging.relay import ToContract
from libs.runtime.messaging.streams import Message, read_stream
from libs.runtime.store import log
from libs.runtime.store.interventions import is_runtime_topic
from libs.runtime.store.log import LoggedEvent

_PAGE: Final = 500
_FINDINGS: Final = 5


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One stored event, as an operator sees it."""

    service: str
    event_id: UUID
    entity_id: UUID
    version: int
    topic: str
    recorded_at: datetime
    actor: str
    command_id: UUID
    traceparent: str | None
    position: str
    state: dict[str, Any]

    def as_json(self) -> str:
        """Return the event as one line of JSON."""
        shown = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(shown, default=str)


def follow(
    conn: Connection[DictRow], service: str, after: log.Position = log.START
) -> Iterator[tuple[log.Position, LogEntry]]:
    """Yield the events of a log in commit order, from a position up to its present end."""
    position = after
    with conn.cursor() as curs:
        while page := log.read_after(curs, position, _PAGE).events:
            for event in page:
                yield event.position, entry_of(service, event)
            position = page[-1].position


def entry_of(service: str, event: LoggedEvent) -> LogEntry:
    """Return the entry of one stored event, with its state as stored."""
    entity_id = UUID(str(event.stored.originator_id))
    return LogEntry(
        service=service,
        event_id=event_id_of(entity_id, event.stored.originator_version),
        entity_id=entity_id,
        version=event.stored.originator_version,
        topic=event.stored.topic,
        recorded_at=event.recorded_at,
        actor=event.actor,
        command_id=event.command_id,
        traceparent=event.traceparent,
        position=str(event.position),
        state=json.loads(event.stored.state),
    )


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a log and its stream were compared and found equal."""

    epoch: int = 0
    position: str = str(log.START)
    sequence: int = 0
    first: int = 0
    """The stream's first message then: if that was lost since, everything is compared again."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of comparing a log with its stream; no finding means that they agree."""

    service: str
    public_events: int
    messages: int
    findings: tuple[str, ...]
    reached: Reached = Reached()
    behind: str | None = None
    """The finding that the end is missing, which may arrive by itself."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A public event of the log, and its sequence in the stream."""

    position: str
    message_id: str
    contract: Contract
    recorded_at: datetime

    def is_told_by(self, body: bytes) -> bool:
        """Return whether a message is this event, even in an older or newer version of its
        contract.

        Contracts grow by fields that earlier messages lack and earlier readers ignore.
        """
        if body == self.contract.model_dump_json().encode():
            return True
        try:
            return type(self.contract).model_validate_json(body) == self.contract
        except ValidationError:
            return False


async def verify(
    conn: Connection[DictRow],
    client: Client,
    service: str,
    mapper: Mapper[Any],
    to_contract: ToContract,
    since: Reached | None = None,
    grace_s: float = 0.0,
) -> Verdict:
    """Check that the stream holds every public event of the log, in order and unchanged.

    Starts where an earlier comparison ended, if that is still valid. Events younger than `grace_s`
    may be missing at the end. Memory holds one page.
    """
    with conn.cursor() as curs:
        epoch = log.epoch(curs)
    if await _ends_before(epoch, client, service):
        ended = (
            f"the stream still holds messages from before epoch {epoch};"
            " the relay of the service empties and refills it"
        )
        return Verdict(service, 0, 0, (ended,), behind=ended)
    since = await _still_valid(since, conn, client, service)
    expected = _announced(conn, service, mapper, to_contract, _position(since.position))
    comparison = _Comparison(since)
    async for page in read_stream(client, service, since.sequence):
        wanted = await asyncio.to_thread(lambda: list(islice(expected, len(page))))  # noqa: B023
        comparison.compare(wanted, page)
    late = datetime.now(UTC) - timedelta(seconds=grace_s)
    missing = await asyncio.to_thread(lambda: sum(1 for e in expected if e.recorded_at <= late))
    return comparison.verdict(service, epoch, missing)


async def _ends_before(epoch: int, client: Client, service: str) -> bool:
    """Return whether the stream ends in a former epoch."""
    try:
        last = await client.jetstream().get_last_msg(stream_of(service), f"bp.{service}.>")
    except NotFoundError:
        return False
    _, _, said = (last.headers or {}).get("Nats-Msg-Id", "").partition(".")
    of_message = said.partition(".")[0]
    return of_message.isdigit() and int(of_message) < epoch


async def _still_valid(
    since: Reached | None, conn: Connection[DictRow], client: Client, service: str
) -> Reached:
    """Return whether to compare everything: the stream was lost, refilled or has gaps, or the epoch
    is new."""
    jetstream, name = client.jetstream(), stream_of(service)
    try:
        state = (await jetstream.stream_info(name)).state
    except NotFoundError:
        return Reached()
    anew = Reached(first=state.first_seq)
    if since is None or since.sequence == 0 or state.num_deleted or since.first != state.first_seq:
        return anew
    with conn.cursor() as curs:
        epoch = log.epoch(curs)
    try:
        message = await jetstream.get_msg(name, since.sequence)
    except NotFoundError:
        return anew
    message_id = (message.headers or {}).get("Nats-Msg-Id")
    same = message_id == f"{service}.{epoch}.{since.position}"
    return since if same and since.epoch == epoch else anew


def _position(text: str) -> log.Position:
    return log.START if text == str(log.START) else log.Position.parse(text)


class _Comparison:
    """Walks along log and stream, side by side."""

    def __init__(self, since: Reached) -> None:
        self._messages = 0
        self._events = 0
        self._position, self._sequence = since.position, since.sequence
        self._first = since.first
        self._findings: list[str] = []
        self._more = 0

    def compare(self, wanted: Sequence[Announced], found: Sequence[Message]) -> None:
        for one, other in zip(wanted, found, strict=False):
            self._compare_one(one, other)
        self._events += len(wanted)
        self._messages += len(found)
        self._more += len(found) - len(wanted)

    def _compare_one(self, wanted: Announced, found: Message) -> None:
        message_id = found.headers.get("Nats-Msg-Id")
        if message_id == wanted.message_id and wanted.is_told_by(found.body):
            if not self._findings:
                self._position, self._sequence = wanted.position, found.sequence
        elif len(self._findings) < _FINDINGS:
            self._findings.append(_difference(found.sequence, wanted, message_id))

    def verdict(self, service: str, epoch: int, missing: int) -> Verdict:
        findings = list(self._findings)
        behind = None
        if missing:
            behind = (
                f"{missing} events at the end are not in the stream (yet);"
                " the relay of the service publishes them: see `backstage lag`"
            )
            findings.append(behind)
        if self._more:
            findings.append(f"the stream holds {self._more} more messages than the log")
        reached = Reached(epoch, self._position, self._sequence, self._first)
        events = self._events + missing
        return Verdict(service, events, self._messages, tuple(findings), reached, behind)


def _announced(
    conn: Connection[DictRow],
    service: str,
    mapper: Mapper[Any],
    to_contract: ToContract,
    position: log.Position,
) -> Iterator[Announced]:
    with conn.cursor() as curs:
        epoch = log.epoch(curs)
        while page := log.read_after(curs, position, _PAGE).events:
            for event in page:
                contract = _public(event, mapper, to_contract)
                if contract is not None:
                    place = str(event.position)
                    yield Announced(
                        place,
                        f"{service}.{epoch}.{place}",
                        contract,
                        event.recorded_at,
                    )
            position = page[-1].position


def _public(event: LoggedEvent, mapper: Mapper[Any], to_contract: ToContract) -> Contract | None:
    if is_runtime_topic(event.stored.topic):
        return None
    return to_contract(mapper.to_domain_event(event.stored))


def _difference(place: int, wanted: Announced, message_id: str | None) -> str:
    if message_id != wanted.message_id:
        return f"message {place} is {message_id}, the log has {wanted.message_id} there"
    return f"message {place} ({message_id}) differs from the log"
