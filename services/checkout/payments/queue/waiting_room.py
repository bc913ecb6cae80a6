"""Works off the queue: payments are made in its order, whether or not a browser asks."""

import asyncio
import contextvars
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

from libs.runtime.service import Service
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from libs.runtime.telemetry import current_traceparent
from services.checkout.payments.provider.protocol import Asked, PaymentImpossible, ProviderSilent
from services.checkout.payments.queue import queries
from services.checkout.payments.queue.limit import SlidingWindowLimit
from services.checkout.payments.queue.queue import Queue, QueuePosition

logger = logging.getLogger(__name__)

LONGEST_CALL_S: Final = 2.0
"""Concurrent calls are limited so that answers up to this slow don't slow the queue down."""
_FEWEST_AT_ONCE: Final = 8
_MOST_AT_ONCE: Final = 40
_SPARED_WITHIN_S: Final = 2.0
_LAST_ANSWERS_S: Final = 3.0
_SHORTEST_PAUSE_S: Final = 0.001


@dataclass
class Waiter:
    """Whose payment is requested, under which trace, and who awaits the outcome."""

    actor: str
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    tried: asyncio.Event = field(default_factory=asyncio.Event)


def queue_for(per_s: float) -> Queue[Waiter]:
    """A queue that admits `per_s` payments a second."""
    at_once = min(_MOST_AT_ONCE, max(_FEWEST_AT_ONCE, int(per_s * LONGEST_CALL_S)))
    return Queue(SlidingWindowLimit(per_s), at_once)


def spare_turn(queue: Queue[Waiter], order_id: UUID) -> None:
    """Block the end of a hold until it may ask whether there is a payment.

    Raises PaymentImpossible if nobody ever requested one, and ProviderSilent when the queue needs
    all turns.
    """
    if queue.never_asked(order_id):
        raise PaymentImpossible("never_asked")
    if not queue.limit.take_within(_SPARED_WITHIN_S):
        raise ProviderSilent("no turn to be had")


class WaitingRoom:
    """Requests payments, at most `per_s` a second, in the order in which orders were opened.

    If nobody waits, a buyer is served at once. A restart rebuilds the queue from the database.
    """

    def __init__(
        self,
        store: Store[Any],
        queue: Queue[Waiter],
        ensure: Callable[[UUID, Cause], Asked],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._queue = queue
        self._ensure = ensure
        self._threads = ThreadPoolExecutor(queue.concurrency, thread_name_prefix="queue")
        self._under_way: set[asyncio.Future[Asked]] = set()
        self._alarm: asyncio.TimerHandle | None = None
        self._closed = False
        self._now_s = now_s

    async def open(self, _: Service) -> None:
        """Rebuild the queue from the database and start."""
        for waiting in await asyncio.to_thread(
            self._store.query, queries.list_orders_without_payment
        ):
            self._queue.join(
                waiting.order_id,
                Waiter(str(waiting.person_id), contextvars.Context()),
                waiting.opened_at,
                self._gone_at(waiting.held_until),
                asked_before=True,
            )
        self._let_in()

    async def close(self, _: Service) -> None:
        """Admit nobody any more; those admitted may still get their answer."""
        self._closed = True
        if self._alarm is not None:
            self._alarm.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_LAST_ANSWERS_S)

    @contextmanager
    def arriving(self) -> Iterator[int]:
        """Keeps the place of a new order while its dues are looked up."""
        arrival = self._queue.arrive()
        try:
            yield arrival
        finally:
            self._queue.arrived(arrival)
            self._let_in()

    def join(
        self,
        order_id: UUID,
        opened_at: datetime,
        held_until: datetime,
        actor: str,
        arrival: int | None = None,
    ) -> None:
        """Join the queue; a waiter keeps the place."""
        gone_at = self._gone_at(held_until)
        if not self._queue.join(order_id, Waiter(actor), opened_at, gone_at, arrival=arrival):
            waiter = self._queue.waiter_of(order_id)
            if waiter is not None:
                waiter.tried.clear()
            self._queue.look_again(order_id, self._now_s())
        self._let_in()

    def position_of(self, order_id: UUID) -> QueuePosition | None:
        """The order's place in the queue; None if it has none."""
        return self._queue.position_of(order_id, self._now_s())

    async def turn_within(self, order_id: UUID, patience_s: float) -> None:
        """Wait for the next request for this order, at most that long."""
        waiter = self._queue.waiter_of(order_id)
        if waiter is not None:
            try:
                async with asyncio.timeout(patience_s):
                    await waiter.tried.wait()
            except TimeoutError:
                logger.info("the payment of order %s takes long", order_id)

    def _gone_at(self, held_until: datetime) -> float:
        return self._now_s() + (held_until - self._store.clock.now()).total_seconds()

    def _let_in(self) -> None:
        while not self._closed and (let_in := self._queue.next(self._now_s())) is not None:
            self._ask_for(*let_in)
        self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        now = self._now_s()
        at = None if self._closed else self._queue.next_at(now)
        if at is not None:
            pause_s = max(at - now, _SHORTEST_PAUSE_S)
            self._alarm = asyncio.get_running_loop().call_later(pause_s, self._let_in)

    def _ask_for(self, order_id: UUID, waiter: Waiter) -> None:
        waiter.tried.clear()
        asking = asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: waiter.context.run(self._ask, order_id, waiter.actor)
        )
        self._under_way.add(asking)
        asking.add_done_callback(partial(self._ended, order_id, waiter))

    def _ask(self, order_id: UUID, actor: str) -> Asked:
        # A new cause, or the answer would come from the memory of commands.
        return self._ensure(order_id, Cause(uuid4(), actor, current_traceparent()))

    def _ended(self, order_id: UUID, waiter: Waiter, asking: "asyncio.Future[Asked]") -> None:
        self._under_way.discard(asking)
        fault = asking.exception()
        if fault is not None:
            logger.error("asking for the payment of order %s failed", order_id, exc_info=fault)
        outcome = Asked.IN_VAIN if fault is not None else asking.result()
        self._queue.ended(order_id, outcome, self._now_s())
        waiter.tried.set()
        self._let_in()
