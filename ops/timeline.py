"""The effects of one purchase, with the times of their commits."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from nats.aio.client import Client

from libs.events.access import GrantIssued
from libs.events.chat import ChannelMemberAdded
from libs.events.checkout import PassPurchased
from libs.events.contract import REGISTRY, Contract, stream_of, subjects_of
from libs.events.envelope import Envelope
from libs.events.notifications import NoticeDelivered
from ops import stores
from ops.up.data_folder import DataFolder

HEARD: Final = ("checkout", "access", "chat", "notifications")


@dataclass(frozen=True, slots=True)
class Said:
    """One public event with its envelope."""

    about: Envelope
    contract: Contract


@dataclass(frozen=True, slots=True)
class FanOut:
    """The time from one PassPurchased's commit to those of its last access, chat and notice
    (ms)."""

    order_id: UUID
    access_ms: float
    chat_ms: float
    notice_ms: float

    @property
    def all_ms(self) -> float:
        """Return the time until everything was there."""
        return max(self.access_ms, self.chat_ms, self.notice_ms)


class Incomplete(Exception):
    """An expected effect of the purchase is missing."""


class Listener:
    """Receives everything that the services publish from now on."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.said: list[Said] = []

    async def start(self) -> None:
        """Begin to receive."""
        js = self._client.jetstream(timeout=5)
        for service in HEARD:
            info = await js.stream_info(stream_of(service))
            await self._hear(service, info.state.last_seq + 1)

    async def until(self, enough: Callable[[Sequence[Said]], bool], within_s: float) -> None:
        """Wait until enough was received. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            # Other processes publish what we wait for.
            while not enough(self.said):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def _hear(self, service: str, from_sequence: int) -> None:
        async def take(msg: Any) -> None:
            about = Envelope.from_headers(msg.headers)
            contract = REGISTRY.get(about.type)
            if contract is not None:
                self.said.append(Said(about, contract.model_validate_json(msg.data)))

        js = self._client.jetstream(timeout=5)
        await js.subscribe(
            subjects_of(service),
            stream=stream_of(service),
            ordered_consumer=True,
            cb=take,
            config=_from(from_sequence),
        )


def _from(sequence: int) -> Any:
    from nats.js.api import ConsumerConfig, DeliverPolicy  # noqa: PLC0415

    return ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=sequence)


def fan_outs(said: Sequence[Said], folder: DataFolder) -> list[FanOut]:
    """Return each received purchase with its effects. Raises Incomplete if some are missing."""
    at = _commit_times(said, folder)
    effects = _Effects(said)
    return [_fan_out(purchase, bought, effects, at) for purchase, bought in _purchases(said)]


def is_complete(said: Sequence[Said], purchases: int) -> bool:
    """Return whether so many purchases were received, each with all of its effects."""
    heard = list(_purchases(said))
    if len(heard) < purchases:
        return False
    effects = _Effects(said)
    try:
        for purchase, bought in heard:
            effects.of(purchase, bought)
    except Incomplete:
        return False
    return True


def _purchases(said: Sequence[Said]) -> Iterator[tuple[Said, PassPurchased]]:
    for one in said:
        if isinstance(one.contract, PassPurchased):
            yield one, one.contract


class _Effects:
    """Return what was received, by its cause."""

    def __init__(self, said: Sequence[Said]) -> None:
        self._grants: dict[UUID, list[Said]] = defaultdict(list)
        self._seats: dict[tuple[UUID, UUID], Said] = {}
        self._notices: dict[UUID, list[Said]] = defaultdict(list)
        for one in said:
            match one.contract:
                case GrantIssued(source_id=source_id):
                    self._grants[source_id].append(one)
                case ChannelMemberAdded(person_id=person_id, experience_id=experience_id):
                    self._seats[person_id, experience_id] = one
                case NoticeDelivered(about_event_id=event_id, channel="in_app"):
                    self._notices[event_id].append(one)
                case _:
                    pass

    def of(self, purchase: Said, bought: PassPurchased) -> tuple[list[Said], ...]:
        """Return grants, channel members and notices. Raises Incomplete if some are missing."""
        grants = self._grants[bought.membership_id]
        places = [(bought.person_id, where) for where in bought.experience_ids]
        seats = [self._seats[place] for place in places if place in self._seats]
        notices = self._notices[purchase.about.id]
        if min(len(grants), len(seats)) < len(places) or not notices:
            found = f"{len(grants)} grants, {len(seats)} chat memberships, {len(notices)} notices"
            msg = f"order {bought.order_id} of {len(places)} experiences set off only {found}"
            raise Incomplete(msg)
        return grants, seats, notices


def _fan_out(
    purchase: Said, bought: PassPurchased, effects: _Effects, at: Mapping[UUID, datetime]
) -> FanOut:
    bought_at = at[purchase.about.id]
    took = [
        max((at[effect.about.id] - bought_at).total_seconds() * 1000 for effect in ours)
        for ours in effects.of(purchase, bought)
    ]
    return FanOut(bought.order_id, *took)


def _commit_times(known: Sequence[Said], folder: DataFolder) -> dict[UUID, datetime]:
    """Return when each event's transaction was committed, according to PostgreSQL."""
    times: dict[UUID, datetime] = {}
    for service in HEARD:
        xacts = {s.about.id: _xact(s.about) for s in known if s.about.source == service}
        with stores.reading(stores.database_url(service, folder)) as conn:
            rows = conn.execute(
                """
                SELECT id, pg_xact_commit_timestamp(
                    (xact - (SELECT base FROM store_epoch))::text::xid) AS at
                FROM unnest(%s::uuid[], %s::bigint[]) AS heard (id, xact)
                """,
                (list(xacts), list(xacts.values())),
            ).fetchall()
        times |= {row["id"]: row["at"] for row in rows}
    return times


def _xact(about: Envelope) -> int:
    """Return the transaction, the middle part of `{epoch}.{xact}-{id}`."""
    return int(about.position.partition(".")[2].partition("-")[0])


def as_json(fan_out: FanOut) -> str:
    """Return one fan-out as an object."""
    return json.dumps(
        {
            "order_id": str(fan_out.order_id),
            "access_ms": round(fan_out.access_ms, 2),
            "chat_ms": round(fan_out.chat_ms, 2),
            "notice_ms": round(fan_out.notice_ms, 2),
        }
    )
