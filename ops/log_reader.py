"""Reading the services' logs: which events there are, and whether their streams hold them."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from eventsourcing.persistence import Mapper
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError
from psycopg import Connection
from psycopg.rows import DictRow

from libs.events.contract import stream_of, subjects_of
from libs.events.envelope import event_id_of
from libs.runtime import log
from libs.runtime.log import LoggedEvent
from libs.runtime.relay import ToContract

_PAGE: Final = 500
_READ_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Line:
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
        """The event as one line of JSON."""
        shown = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(shown, default=str)


def follow(
    conn: Connection[DictRow], service: str, after: log.Position = log.START
) -> Iterator[tuple[log.Position, Line]]:
    """The events of a log in commit order, from a place on to its present end."""
    position = after
    with conn.cursor() as curs:
        while page := log.read_after(curs, position, _PAGE).events:
            for event in page:
                yield event.position, line_of(service, event)
            position = page[-1].position


def line_of(service: str, event: LoggedEvent) -> Line:
    """The line of one stored event; its state is shown as it is stored."""
    entity_id = UUID(str(event.stored.originator_id))
    return Line(
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
class Verdict:
    """What a comparison of a log with its stream found; no finding means that they agree."""

    service: str
    public_events: int
    messages: int
    findings: tuple[str, ...]


async def verify(
    conn: Connection[DictRow],
    client: Client,
    service: str,
    mapper: Mapper[Any],
    to_contract: ToContract,
) -> Verdict:
    """Whether the stream holds every public event of the log, in its order, byte for byte."""
    said = [(m.headers or {}, m.data) for m in await _messages(client, service)]
    expected = await asyncio.to_thread(lambda: list(_announced(conn, service, mapper, to_contract)))
    findings = [
        _difference(position, wanted, found)
        for position, (wanted, found) in enumerate(zip(expected, said, strict=False), start=1)
        if wanted != (found[0].get("Nats-Msg-Id"), found[1])
    ][:5]
    if len(expected) > len(said):
        findings.append(
            f"{len(expected) - len(said)} events at the end are not in the stream (yet);"
            " the relay of the service publishes them: see `backstage events tail`"
        )
    elif len(said) > len(expected):
        findings.append(f"the stream holds {len(said) - len(expected)} messages more than the log")
    return Verdict(service, len(expected), len(said), tuple(findings))


def _announced(
    conn: Connection[DictRow], service: str, mapper: Mapper[Any], to_contract: ToContract
) -> Iterator[tuple[str, bytes]]:
    with conn.cursor() as curs:
        epoch = log.epoch(curs)
        position = log.START
        while page := log.read_after(curs, position, _PAGE).events:
            for event in page:
                contract = to_contract(mapper.to_domain_event(event.stored))
                if contract is not None:
                    message_id = f"{service}.{epoch}.{event.position}"
                    yield message_id, contract.model_dump_json().encode()
            position = page[-1].position


async def _messages(client: Client, service: str) -> list[Msg]:
    js = client.jetstream(timeout=5)
    try:
        info = await js.stream_info(stream_of(service))
    except NotFoundError:
        return []
    if not info.state.messages:
        return []
    messages: list[Msg] = []
    subscription = await js.subscribe(
        subjects_of(service), stream=stream_of(service), ordered_consumer=True
    )
    while not messages or messages[-1].metadata.sequence.stream < info.state.last_seq:
        messages.append(await subscription.next_msg(_READ_TIMEOUT_S))
    await subscription.unsubscribe()
    return messages


def _difference(place: int, wanted: tuple[str, bytes], found: tuple[dict[str, str], bytes]) -> str:
    message_id = found[0].get("Nats-Msg-Id")
    if message_id != wanted[0]:
        return f"message {place} is {message_id}, the log has {wanted[0]} there"
    return f"message {place} ({message_id}) has another body than the log gives"
