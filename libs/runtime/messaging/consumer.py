"""The loop that hears another service's events and lets our reactions handle them.

One durable consumer for each pair of services, so that all events about one entity are handled in
the order in which they happened, whatever their types: a revocation can't overtake its grant.
"""

import asyncio
import contextvars
import json
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy
from nats.js.errors import NotFoundError

from libs.events.contract import Contract, filter_of, stream_of
from libs.runtime.cancellation import cancel_until_ended
from libs.runtime.failpoints import failpoint
from libs.runtime.messaging import bus
from libs.runtime.messaging.acknowledged import lately_acknowledged
from libs.runtime.messaging.dead_letters import entity_key_of
from libs.runtime.messaging.handling import Handler, Reaction, Unreadable
from libs.runtime.messaging.streams import message_of
from libs.runtime.messaging.subscription import BATCH, PullSubscription
from libs.runtime.store.leadership import Leadership
from libs.runtime.store.store import Overloaded, Store, StoreUnavailable

logger = logging.getLogger(__name__)

ACK_WAIT_S: Final = 30
_HEARTBEAT_S: Final = 10
TRIES_AFTER_S: Final = (0.1, 0.5, 2.0, 5.0, 10.0)
_MAX_IN_HAND: Final = 4 * BATCH
_LOOKED_BACK: Final = 2 * _MAX_IN_HAND
_RETRIES_ASKED_S: Final = 0.5


@dataclass
class _Queue:
    """Messages of one entity, handled one after the other."""

    messages: deque[Msg] = field(default_factory=deque)


class Consumer:
    """Hears one service for another. Done means: acknowledged after our commit.

    A refusal is acknowledged and counted; a fault is tried again with growing pauses and then
    a dead letter; what can't be read is one at once. Nothing is acknowledged with its work undone.
    """

    def __init__(  # noqa: PLR0913
        self,
        store: Store[Any],
        client: Client,
        leadership: Leadership,
        producer: str,
        subscriptions: Mapping[type[Contract], Reaction],
        *,
        refusals: Iterable[type[Exception]] = (),
        threads: Executor | None = None,
        tries_after_s: Sequence[float] = TRIES_AFTER_S,
    ) -> None:
        self.durable = f"{store.service}-{producer}"
        self.handled = 0
        self._store = store
        self._client = client
        self._js: JetStreamContext = client.jetstream(timeout=5)
        self._leadership = leadership
        self._lead = f"consumer {self.durable}"
        self._producer = producer
        self._stream = stream_of(producer)
        self._subscriptions = tuple(subscriptions)
        self._handler = Handler(store, self.durable, subscriptions, refusals)
        self._threads = threads
        self._tries_after_s = tries_after_s
        self._queues: dict[str, _Queue] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._fault: asyncio.Future[None] | None = None
        self._in_hand: dict[int, Msg] = {}
        self._room = asyncio.Event()

    async def run(self) -> None:
        """Hear for ever; whatever goes wrong, begin again after the last acknowledged message."""
        while True:
            try:
                await self._leadership.acquire(self._lead)
                await self._hear()
            except Exception as fault:
                logger.warning("%s begins again: %r", self.durable, fault)
                await asyncio.sleep(0.25)

    @property
    def refused(self) -> int:
        """How many messages a reaction refused."""
        return self._handler.refused

    async def lag(self) -> int:
        """How many messages wait for us."""
        info = await self._js.consumer_info(self._stream, self.durable)
        return (info.num_pending or 0) + (info.num_ack_pending or 0)

    async def _hear(self) -> None:
        """Hear until anything goes wrong, be it with a single message: what we hold then would
        never come again, since we keep telling the server that we work on it."""
        await self._prepare()
        subscription = PullSubscription(
            self._client, self._stream, self.durable, self._take_in_hand
        )
        self._fault = asyncio.get_running_loop().create_future()
        for part in (self._pull(subscription), self._keep_in_hand(), self._retry_dead_letters()):
            self._begin(part)
        try:
            await self._fault
        finally:
            await cancel_until_ended(self._tasks)
            self._queues.clear()
            self._in_hand.clear()
            await subscription.close()

    def _begin(self, part: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(part)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        fault = None if task.cancelled() else task.exception()
        if fault is not None and self._fault is not None and not self._fault.done():
            self._fault.set_exception(fault)

    async def _pull(self, subscription: PullSubscription) -> None:
        while True:
            await self._leadership.confirm(self._lead)
            handled = self.handled
            await subscription.pull()
            await self._until_room()
            if handled == self.handled and not self._in_hand:
                await self._check_alive()

    async def _prepare(self) -> None:
        """Make sure of the durable, and begin at the first message that is not acknowledged.

        What another process had in its hands when it died would otherwise come only after its
        acknowledgement time, behind newer messages of the same entity.
        """
        await bus.ensure_stream(self._js, self._producer)
        await self._in_thread(self._handler.begin)
        wanted = sorted(filter_of(contract) for contract in self._subscriptions)
        known = await self._known_filters()
        if known is not None and not set(wanted) <= known:
            # Past events of a type that we begin to hear lie below what was acknowledged: the inbox
            # tells those that were handled from those that were not. First, so that a fault before
            # the filters are there has it done again.
            await self._reset(to_sequence=1)
        await self._js.add_consumer(
            self._stream,
            ConsumerConfig(
                durable_name=self.durable,
                filter_subjects=wanted,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=ACK_WAIT_S,
                max_ack_pending=2 * _MAX_IN_HAND,
                deliver_policy=DeliverPolicy.ALL,
            ),
        )
        await self._reset(to_sequence=1 if await self._has_forgotten() else None)

    async def _has_forgotten(self) -> bool:
        """Whether our database lacks what we acknowledged lately: an older copy is back.

        More than the last message is looked at: what was in our hands when the copy came back may
        have been handled by now, and is known.
        """
        types = {contract.type for contract in self._subscriptions}
        acknowledged = await lately_acknowledged(
            self._client, self._producer, self.durable, types, self._handler.epoch, _LOOKED_BACK
        )
        forgotten = await self._in_thread(self._handler.unknown_of, acknowledged)
        if forgotten:
            logger.critical(
                "%s has acknowledged %s, which its database does not know: an older one was put"
                " back. Everything is heard again.",
                self.durable,
                forgotten[0],
            )
        return bool(forgotten)

    async def _known_filters(self) -> set[str] | None:
        try:
            info = await self._js.consumer_info(self._stream, self.durable)
        except NotFoundError:
            return None
        config = info.config
        return set(config.filter_subjects or [config.filter_subject or ""])

    async def _reset(self, to_sequence: int | None) -> None:
        """Deliver again from the acknowledgement floor (NATS 2.14, ADR-60), or from a sequence."""
        body = b"" if to_sequence is None else json.dumps({"seq": to_sequence}).encode()
        answer = await self._client.request(
            f"$JS.API.CONSUMER.RESET.{self._stream}.{self.durable}", body, timeout=5
        )
        error = json.loads(answer.data).get("error")
        if error is not None:
            raise ConnectionError(f"reset of {self.durable}: {error}")

    async def _check_alive(self) -> None:
        """Trust no subscription object: what waits while nothing comes means to begin again."""
        info: ConsumerInfo = await self._js.consumer_info(self._stream, self.durable)
        if self._in_hand:
            return
        stream = await self._js.stream_info(self._stream)
        floor = info.ack_floor.stream_seq if info.ack_floor else 0
        if (floor or 0) > stream.state.last_seq:
            # After a power cut a consumer can be ahead of its stream, and then hears nothing ever.
            await self._js.delete_consumer(self._stream, self.durable)
            raise ConnectionError("the consumer was ahead of its stream")
        if info.num_ack_pending:
            raise ConnectionError("messages are out that nobody holds")

    def _take_in_hand(self, msg: Msg) -> None:
        entity = entity_key_of(msg.subject)
        self._in_hand[id(msg)] = msg
        queue = self._queues.get(entity)
        if queue is not None:
            queue.messages.append(msg)
            return
        queue = self._queues[entity] = _Queue(deque([msg]))
        self._begin(self._work_off(entity, queue))

    async def _work_off(self, entity: str, queue: _Queue) -> None:
        while queue.messages:
            msg = queue.messages[0]
            failpoint("consumer.delivered")
            await self._handle_until_done(msg)
            failpoint("consumer.before_ack")
            await msg.ack()
            failpoint("consumer.after_ack")
            queue.messages.popleft()
            del self._in_hand[id(msg)]
            self.handled += 1
            self._room.set()
        del self._queues[entity]

    async def _handle_until_done(self, msg: Msg) -> None:
        tries = 0
        message = message_of(msg)
        while True:
            try:
                await self._in_thread(self._handler.handle, message)
            except (StoreUnavailable, Overloaded) as busy:
                # Our own database is away: that says nothing about the message.
                logger.warning("%s waits for its store: %r", self.durable, busy)
                await asyncio.sleep(0.5)
            except Exception as fault:
                if isinstance(fault, Unreadable) or tries == len(self._tries_after_s):
                    logger.exception("%s sets %s aside as a dead letter", self.durable, msg.subject)
                    await self._in_thread(self._handler.set_aside, message, repr(fault))
                    return
                logger.warning("%s tries %s again: %r", self.durable, msg.subject, fault)
                await asyncio.sleep(self._tries_after_s[tries])
                tries += 1
            else:
                return

    async def _keep_in_hand(self) -> None:
        """Tell the server that we still work on what we hold."""
        while True:
            await asyncio.sleep(_HEARTBEAT_S)
            for msg in list(self._in_hand.values()):
                await msg.in_progress()

    async def _retry_dead_letters(self) -> None:
        """Try dead letters again when an operator asks for it."""
        while True:
            await asyncio.sleep(_RETRIES_ASKED_S)
            try:
                await self._in_thread(self._handler.retry_dead_letters)
            except Exception as fault:
                logger.warning("%s retries its dead letters later: %r", self.durable, fault)

    async def _until_room(self) -> None:
        while len(self._in_hand) > _MAX_IN_HAND:
            self._room.clear()
            await self._room.wait()

    async def _in_thread(self, call: Callable[..., Any], *arguments: Any) -> Any:
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: context.run(call, *arguments))
