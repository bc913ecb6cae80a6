"""Signed webhooks from a durable queue, retried until they are accepted.

Signature as in https://docs.stripe.com/webhooks/signature: `t=…,v1=…`, one `v1` per secret during a
rotation. Stripe gives up after three days, and so does this.
"""

import asyncio
import hmac
import json
import logging
from collections.abc import Callable
from hashlib import sha256

import httpx

from sandbox.state import Document, State, StorageFull
from sandbox.stripe.account import random_letters
from sandbox.stripe.misbehaviour import Misbehaviours

_LOG = logging.getLogger(__name__)
_FIRST_RETRY_S = 0.5
_LONGEST_RETRY_S = 60.0
_FULL_RETRY_S = 2.0
_GIVE_UP_AFTER_S = 3 * 24 * 3600
_ANSWER_WITHIN_S = 10.0
_AT_ONCE = 8
_REVERSED_GAP_S = 0.2
_HEADERS = {
    "content-type": "application/json; charset=utf-8",
    "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
}


def signature(payload: bytes, secrets: list[str], timestamp: int) -> str:
    """Return the `Stripe-Signature` header of a payload sent at this time."""
    signed = f"{timestamp}.".encode() + payload
    marks = [hmac.new(secret.encode(), signed, sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={timestamp}", *(f"v1={mark}" for mark in marks)])


class Courier:
    """Delivers events to the webhook address; an empty address gets none."""

    def __init__(
        self,
        state: State,
        misbehaviours: Misbehaviours,
        url: str,
        secrets: list[str],
        clock: Callable[[], float],
    ) -> None:
        self._state = state
        self._events = state.collection("stripe.events")
        self._deliveries = state.collection("stripe.deliveries")
        self._misbehaviours = misbehaviours
        self._url = url
        self._secrets = secrets
        self._clock = clock
        self._waiting = {one["id"]: float(one["not_before"]) for one in self._deliveries.all()}
        self._news = asyncio.Event()
        self._room = asyncio.Semaphore(_AT_ONCE)

    def post(self, events: list[Document]) -> None:
        """Store the events of one request and queue their deliveries, in its transaction."""
        faults = self._misbehaviours
        listed = [event for event in events if not faults.take("no_event", event["type"])]
        backwards = any(faults.take("reversed", event["type"]) for event in listed)
        for place, event in enumerate(listed):
            event["pending_webhooks"] = 1 if self._url else 0
            self._events.put(event["id"], event)
            wait_s = (len(listed) - 1 - place) * _REVERSED_GAP_S if backwards else 0.0
            if self._url:
                self._queue(event, wait_s)
        self._news.set()

    def _queue(self, event: Document, wait_s: float) -> None:
        faults = self._misbehaviours
        if faults.take("drop", event["type"]):
            return
        late = faults.take("deliver_late", event["type"])
        not_before = self._clock() + wait_s + (late.delay_s if late else 0.0)
        copies = 2 if faults.take("duplicate", event["type"]) else 1
        for _ in range(copies):
            delivery_id = f"we_{random_letters(16)}"
            delivery = {
                "id": delivery_id,
                "event": event["id"],
                "attempts": 0,
                "not_before": not_before,
            }
            self._deliveries.put(delivery_id, delivery)
            self._waiting[delivery_id] = not_before

    async def run(self) -> None:
        """Deliver due events, for ever."""
        async with (
            httpx.AsyncClient(timeout=_ANSWER_WITHIN_S) as client,
            asyncio.TaskGroup() as tasks,
        ):
            while True:
                for delivery_id in self._due():
                    del self._waiting[delivery_id]
                    tasks.create_task(self._try(client, delivery_id))
                await self._until_next()

    def _due(self) -> list[str]:
        now = self._clock()
        return [one for one, not_before in self._waiting.items() if not_before <= now]

    async def _until_next(self) -> None:
        next_at = min(self._waiting.values(), default=None)
        wait_s = None if next_at is None else max(0.0, next_at - self._clock())
        try:
            async with asyncio.timeout(wait_s):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()

    async def _try(self, client: httpx.AsyncClient, delivery_id: str) -> None:
        try:
            await self._deliver(client, delivery_id)
        except StorageFull as full:
            # The outcome could not be stored: it is delivered once more, as Stripe may do.
            _LOG.warning("webhook is delivered again: %s", full)
            self._waiting[delivery_id] = self._clock() + _FULL_RETRY_S
            self._news.set()

    async def _deliver(self, client: httpx.AsyncClient, delivery_id: str) -> None:
        delivery = self._deliveries.get(delivery_id)
        if delivery is None:
            return
        event = self._events.get(delivery["event"])
        if event is None:
            self._deliveries.delete(delivery_id)
            return
        async with self._room:
            taken = await self._send(client, event)
        if taken:
            self._delivered(delivery_id, event["id"])
        else:
            self._put_off(delivery, event)

    async def _send(self, client: httpx.AsyncClient, event: Document) -> bool:
        payload = json.dumps(event, separators=(",", ":")).encode()
        mark = signature(payload, self._secrets, int(self._clock()))
        headers = _HEADERS | {"stripe-signature": mark}
        try:
            answer = await client.post(self._url, content=payload, headers=headers)
        except httpx.HTTPError as error:
            _LOG.info("webhook %s not taken: %r", event["type"], error)
            return False
        if not answer.is_success:
            _LOG.info("webhook %s answered with %s", event["type"], answer.status_code)
        return answer.is_success

    def _delivered(self, delivery_id: str, event_id: str) -> None:
        with self._state.transaction():
            self._deliveries.delete(delivery_id)
            event = self._events.get(event_id)
            if event is not None:
                self._events.put(event_id, event | {"pending_webhooks": 0})

    def _put_off(self, delivery: Document, event: Document) -> None:
        if self._clock() - event["created"] > _GIVE_UP_AFTER_S:
            self._deliveries.delete(delivery["id"])
            return
        delivery["attempts"] += 1
        wait_s = min(_LONGEST_RETRY_S, _FIRST_RETRY_S * 2 ** (delivery["attempts"] - 1))
        delivery["not_before"] = self._clock() + wait_s
        self._deliveries.put(delivery["id"], delivery)
        self._waiting[delivery["id"]] = delivery["not_before"]
        self._news.set()
