"""The loop that receives another service's events and lets our reactions handle them.

Each pair of services has one durable consumer. It handles the events of an entity in their order,
whatever their types: a revocation can't overtake its grant.
"""

import asyncio
import contextvars
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from libs.events.contract import Contract, filter_of, stream_of
from libs.runtime.cancellation import cancel_until_ended
from libs.runtime.failpoints import failpoint
from libs.runtime.messaging import bus
from libs.runtime.messaging.acknowledged import lately_acknowledged
from libs.runtime.messaging.dead_letters import entity_key_of
from libs.runtime.messaging.durable import DurableConsumer
from libs.runtime.messaging.handling import Handler, Reaction, Unreadable
from libs.runtime.messaging.streams import message_of
from libs.runtime.messaging.subscription import BATCH, PullSubscription
from libs.runtime.store.leadership import Leadership
from libs.runtime.store.store import Overloaded, Store, StoreUnavailable

logger = logging.getLogger(__name__)

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
    """Receives one service's events for another. A message is acknowledged after our commit.

    A refusal is acknowledged and counted. A fault is retried with growing pauses and then becomes a
    dead letter. An unreadable message becomes a dead letter at once. Nothing is acknowledged before
    its work is done.
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
        self._durable = DurableConsumer(client, producer, self.durable, 2 * _MAX_IN_HAND)
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
        """Receive for ever; after any fault, restart behind the last acknowledged message."""
        while True:
            try:
                await self._leadership.acquire(self._lead)
                await self._hear()
            except Exception as fault:
                logger.warning("%s restarts after a fault: %r", self.durable, fault)
                await asyncio.sleep(0.25)

    @property
    def refused(self) -> int:
        """Return how many messages a reaction refused."""
        return self._handler.refused

    async def lag(self) -> int:
        """Return how many messages wait for us."""
        return await self._durable.lag()

    async def _hear(self) -> None:
        """Receive until anything fails, even for a single message.

        The server would never deliver the messages that we hold again, because we keep reporting
        progress on them.
        """
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

    async def _check_alive(self) -> None:
        """Restart if nothing can arrive, because a subscription object may not notice."""
        why = await self._durable.is_stalled()
        if why is not None and not self._in_hand:
            raise ConnectionError(why)

    async def _prepare(self) -> None:
        """Create the durable and begin at the first message that is not acknowledged.

        Messages that another process held when it died would otherwise arrive only after their
        acknowledgement time, behind newer messages of the same entity.
        """
        await bus.ensure_stream(self._js, self._producer)
        await self._in_thread(self._handler.begin)
        await self._durable.subscribe(filter_of(contract) for contract in self._subscriptions)
        await self._durable.reset(to_sequence=1 if await self._has_forgotten() else None)

    async def _has_forgotten(self) -> bool:
        """Return whether our database lacks recently acknowledged events: an older copy was
        restored.

        Several messages are compared, because messages that we held during the restore may have
        been handled since.
        """
        types = {contract.type for contract in self._subscriptions}
        acknowledged = await lately_acknowledged(
            self._client, self._producer, self.durable, types, self._handler.epoch, _LOOKED_BACK
        )
        forgotten = await self._in_thread(self._handler.unknown_of, acknowledged)
        if forgotten:
            logger.critical(
                "%s acknowledged %s, which its database lacks: an older copy was restored."
                " All events are delivered again.",
                self.durable,
                forgotten[0],
            )
        return bool(forgotten)

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
                # Our own database is unavailable, so the message is not at fault.
                logger.warning("%s waits for its database: %r", self.durable, busy)
                await asyncio.sleep(0.5)
            except Exception as fault:
                if isinstance(fault, Unreadable) or tries == len(self._tries_after_s):
                    logger.exception("%s stores %s as a dead letter", self.durable, msg.subject)
                    await self._in_thread(self._handler.set_aside, message, repr(fault))
                    return
                logger.warning("%s retries %s: %r", self.durable, msg.subject, fault)
                await asyncio.sleep(self._tries_after_s[tries])
                tries += 1
            else:
                return

    async def _keep_in_hand(self) -> None:
        """Report progress on the messages that we hold."""
        while True:
            await asyncio.sleep(_HEARTBEAT_S)
            for msg in list(self._in_hand.values()):
                await msg.in_progress()

    async def _retry_dead_letters(self) -> None:
        """Retry dead letters when an operator asks for it."""
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
