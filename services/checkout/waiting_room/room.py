"""The line at work: payments are made in its order, whether or not a buyer's browser asks."""

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
from typing import Final
from uuid import UUID, uuid4

from libs.runtime.service import Service
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from libs.runtime.telemetry import current_traceparent
from services.checkout import queries
from services.checkout.application import Checkout
from services.checkout.domain import PaymentImpossible, ProviderSilent
from services.checkout.payments import Asked, Payments
from services.checkout.queries import WaitingPlace
from services.checkout.waiting_room.bucket import TokenBucket
from services.checkout.waiting_room.line import Line

logger = logging.getLogger(__name__)

LONGEST_CALL_S: Final = 2.0
"""Up to this the provider's answers don't slow the line down: so many hands it has."""
_FEWEST_HANDS: Final = 8
_MOST_HANDS: Final = 40
_SPARED_WITHIN_S: Final = 2.0
_LAST_ANSWERS_S: Final = 3.0
_SHORTEST_PAUSE_S: Final = 0.001


@dataclass
class _Guest:
    """In whose name and trace the payment is asked for, and who waits for the outcome."""

    actor: str
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    tried: asyncio.Event = field(default_factory=asyncio.Event)


class WaitingRoom:
    """Asks the provider for payments, at most `per_s` a second, in the order of opening.

    Who comes when nobody waits is served at once. What it knows is rebuilt from what is stored.
    """

    def __init__(
        self,
        store: Store[Checkout],
        payments: Payments,
        per_s: float,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        hands = min(_MOST_HANDS, max(_FEWEST_HANDS, int(per_s * LONGEST_CALL_S)))
        self._store = store
        self._payments = payments
        self._bucket = TokenBucket(per_s)
        self._line: Line[_Guest] = Line(self._bucket, hands)
        self._threads = ThreadPoolExecutor(hands, thread_name_prefix="line")
        self._under_way: set[asyncio.Future[Asked]] = set()
        self._alarm: asyncio.TimerHandle | None = None
        self._closed = False
        self._now_s = now_s
        payments.before_making = self.spare_turn

    async def open(self, _: Service) -> None:
        """Take up the line where the last process left it."""
        for waiting in await asyncio.to_thread(
            self._store.query, queries.list_orders_without_payment
        ):
            self._line.join(
                waiting.order_id,
                _Guest(str(waiting.person_id), contextvars.Context()),
                waiting.opened_at,
                self._gone_at(waiting.held_until),
                asked_before=True,
            )
        self._let_in()

    async def close(self, _: Service) -> None:
        """Let nobody in any more; who is in may still get their answer."""
        self._closed = True
        if self._alarm is not None:
            self._alarm.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_LAST_ANSWERS_S)

    @contextmanager
    def arriving(self) -> Iterator[int]:
        """While it is looked up what an order that was just opened has to pay."""
        arrival = self._line.arrive()
        try:
            yield arrival
        finally:
            self._line.arrived(arrival)
            self._let_in()

    def join(
        self,
        order_id: UUID,
        opened_at: datetime,
        held_until: datetime,
        actor: str,
        arrival: int | None = None,
    ) -> None:
        """Stand in line, or go on standing there: a place is not lost by looking."""
        gone_at = self._gone_at(held_until)
        if not self._line.join(order_id, _Guest(actor), opened_at, gone_at, arrival=arrival):
            guest = self._line.guest_of(order_id)
            if guest is not None:
                guest.tried.clear()
            self._line.look_again(order_id, self._now_s())
        self._let_in()

    def place_of(self, order_id: UUID) -> WaitingPlace | None:
        """How many are in front of an order, and for about how long."""
        place = self._line.place(order_id, self._now_s())
        return None if place is None else WaitingPlace(ahead=place.ahead, about_s=place.about_s)

    async def turn_within(self, order_id: UUID, patience_s: float) -> None:
        """Wait until the provider was asked for this order once more, but not too long."""
        guest = self._line.guest_of(order_id)
        if guest is not None:
            try:
                async with asyncio.timeout(patience_s):
                    await guest.tried.wait()
            except TimeoutError:
                logger.info("the payment of order %s takes long", order_id)

    def spare_turn(self, order_id: UUID) -> None:
        """For the end of a hold, in its thread: a token to ask whether there is a payment.

        Raises PaymentImpossible when there can't be one, since nobody ever asked for it, and
        ProviderSilent when the line needs all tokens for itself.
        """
        if self._line.never_asked(order_id):
            raise PaymentImpossible("never_asked")
        if not self._bucket.take_within(_SPARED_WITHIN_S):
            raise ProviderSilent("no turn to be had")

    def _gone_at(self, held_until: datetime) -> float:
        return self._now_s() + (held_until - self._store.clock.now()).total_seconds()

    def _let_in(self) -> None:
        while not self._closed and (let_in := self._line.next(self._now_s())) is not None:
            self._ask_for(*let_in)
        self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        now = self._now_s()
        at = None if self._closed else self._line.next_at(now)
        if at is not None:
            pause_s = max(at - now, _SHORTEST_PAUSE_S)
            self._alarm = asyncio.get_running_loop().call_later(pause_s, self._let_in)

    def _ask_for(self, order_id: UUID, guest: _Guest) -> None:
        guest.tried.clear()
        asking = asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: guest.context.run(self._ask, order_id, guest.actor)
        )
        self._under_way.add(asking)
        asking.add_done_callback(partial(self._ended, order_id, guest))

    def _ask(self, order_id: UUID, actor: str) -> Asked:
        # A cause of its own: what the provider says now must not be answered from memory.
        return self._payments.ensure(order_id, Cause(uuid4(), actor, current_traceparent()))

    def _ended(self, order_id: UUID, guest: _Guest, asking: "asyncio.Future[Asked]") -> None:
        self._under_way.discard(asking)
        fault = asking.exception()
        if fault is not None:
            logger.error("asking for the payment of order %s failed", order_id, exc_info=fault)
        outcome = Asked.IN_VAIN if fault is not None else asking.result()
        self._line.ended(order_id, outcome, self._now_s())
        guest.tried.set()
        self._let_in()
