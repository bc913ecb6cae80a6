"""`backstage lag`: what is behind, where, and since when."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import typer
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from psycopg import Connection
from psycopg.rows import DictRow

from libs.events.contract import stream_of
from libs.runtime.store import log
from libs.runtime.store.interventions import is_runtime_topic
from libs.runtime.store.log import Position
from ops import stores
from ops.options import AsJson, Data, folder_of
from ops.storage import REPAIR, storage_error
from ops.up.data_folder import DataFolder

_PAGE = 500


@dataclass
class ConsumerLag:
    """What one service has yet to handle of another's events."""

    producer: str
    stream_last: int
    pending: int
    unacknowledged: int
    dead_letters: int


@dataclass
class ServiceLag:
    """Everything that is behind in one service; ages in seconds."""

    service: str
    unpublished: int = 0
    unpublished_oldest_s: float = 0.0
    held_up_by: str | None = None
    """Why NATS stores nothing, and what to do."""
    consumers: list[ConsumerLag] = field(default_factory=list)
    due: int = 0
    late_oldest_s: float = 0.0
    failing: int = 0
    """Failing work: each failure postpones the time at which it is due."""
    last_error: str | None = None
    webhooks: int = 0
    webhook_oldest_s: float = 0.0


def lag(as_json: AsJson = False, data: Data = None) -> None:
    """Show what is behind: relays, consumers, dead letters, schedules, webhooks."""
    lags = asyncio.run(measure(folder_of(data)))
    for each in lags:
        if as_json:
            typer.echo(json.dumps(asdict(each)))
        else:
            _print(each)


async def measure(folder: DataFolder) -> list[ServiceLag]:
    """Return what is behind in every service."""
    error = await asyncio.to_thread(storage_error, folder)
    async with stores.connected(folder, "lag") as client:
        lags = [await _of_service(name, folder, client) for name in stores.SERVICES]
    for each in lags:
        if error is not None and each.unpublished:
            each.held_up_by = f"{error}: {REPAIR}"
    return lags


async def _of_service(service: str, folder: DataFolder, client: Client) -> ServiceLag:
    js = client.jetstream(timeout=5)
    found = ServiceLag(service)
    with stores.reading(stores.database_url(service, folder)) as conn:
        published = await _last_published(js, service)
        _measure_relay(conn, service, found, published)
        _measure_schedule(conn, found)
        _measure_webhooks(conn, found)
        dead_letters = _dead_letters(conn)
    producers = sorted({contract.producer() for contract in stores.hears_of(service)})
    for producer in producers:
        waits = dead_letters.get(f"{service}-{producer}", 0)
        found.consumers.append(await _of_consumer(js, service, producer, waits))
    return found


async def _of_consumer(
    js: JetStreamContext, service: str, producer: str, dead_letters: int
) -> ConsumerLag:
    try:
        last = (await js.stream_info(stream_of(producer))).state.last_seq
        info = await js.consumer_info(stream_of(producer), f"{service}-{producer}")
    except NotFoundError:
        return ConsumerLag(producer, 0, 0, 0, dead_letters)
    return ConsumerLag(
        producer, last, info.num_pending or 0, info.num_ack_pending or 0, dead_letters
    )


async def _last_published(js: JetStreamContext, service: str) -> Position:
    try:
        last = await js.get_last_msg(stream_of(service), f"bp.{service}.>")
    except NotFoundError:
        return log.START
    message_id = (last.headers or {}).get("Nats-Msg-Id", "")
    try:
        return Position.parse(message_id.split(".", 2)[2])
    except (IndexError, ValueError):
        return log.START


def _measure_relay(
    conn: Connection[DictRow], service: str, found: ServiceLag, published: Position
) -> None:
    to_contract, mapper = stores.announces(service), stores.event_mapper()
    for recorded_at, public in _after(conn, published, to_contract, mapper):
        if public:
            found.unpublished += 1
            if found.unpublished == 1:
                found.unpublished_oldest_s = _age_s(recorded_at)


def _after(
    conn: Connection[DictRow], position: Position, to_contract: Any, mapper: Any
) -> Iterator[tuple[datetime, bool]]:
    with conn.cursor() as curs:
        while seen := log.read_visible_after(curs, position, _PAGE):
            for event in seen:
                if is_runtime_topic(event.stored.topic):
                    continue
                contract = to_contract(mapper.to_domain_event(event.stored))
                yield event.recorded_at, contract is not None
            position = seen[-1].position


def _measure_schedule(conn: Connection[DictRow], found: ServiceLag) -> None:
    row = conn.execute(
        """
        SELECT count(*) FILTER (WHERE due_at <= now()) AS due,
               extract(epoch FROM max(now() - due_at))::float AS late_s,
               count(last_error) AS failing,
               (SELECT format('%s %s failed %s times: %s', kind, key, attempts, last_error)
                FROM schedule WHERE last_error IS NOT NULL
                ORDER BY attempts DESC, due_at LIMIT 1) AS last_error
        FROM schedule WHERE due_at <= now() OR last_error IS NOT NULL
        """
    ).fetchone()
    if row is not None:
        found.due = row["due"]
        found.late_oldest_s = max(round(row["late_s"] or 0.0, 3), 0.0)
        found.failing = row["failing"]
        found.last_error = row["last_error"]


def _measure_webhooks(conn: Connection[DictRow], found: ServiceLag) -> None:
    there = conn.execute("SELECT to_regclass('webhook_inbox') AS name").fetchone()
    if there is None or there["name"] is None:
        return
    row = conn.execute(
        "SELECT count(*) AS open, extract(epoch FROM max(now() - received_at))::float AS oldest_s"
        " FROM webhook_inbox WHERE handled_at IS NULL"
    ).fetchone()
    if row is not None:
        found.webhooks = row["open"]
        found.webhook_oldest_s = round(row["oldest_s"] or 0.0, 3)


def _dead_letters(conn: Connection[DictRow]) -> dict[str, int]:
    rows = conn.execute(
        "SELECT durable, count(*) AS waiting FROM dead_letters"
        " WHERE skipped_at IS NULL GROUP BY durable"
    )
    return {row["durable"]: row["waiting"] for row in rows}


def _age_s(at: datetime) -> float:
    return round((datetime.now(UTC) - at).total_seconds(), 3)


def _print(found: ServiceLag) -> None:
    typer.echo(
        f"{found.service:14} unpublished {found.unpublished} ({found.unpublished_oldest_s:.1f} s)"
        f"   due {found.due} ({found.late_oldest_s:.1f} s late)   failing {found.failing}"
        f"   webhooks {found.webhooks} ({found.webhook_oldest_s:.1f} s)"
    )
    if found.held_up_by:
        typer.echo(f"    {found.held_up_by}")
    if found.last_error:
        typer.echo(f"    schedule: {found.last_error}")
    for each in found.consumers:
        typer.echo(
            f"    from  {each.producer:13} of {each.stream_last:<8} pending {each.pending}"
            f"   unacknowledged {each.unacknowledged}   dead letters {each.dead_letters}"
        )
