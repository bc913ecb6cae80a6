"""Buyers who want the same pass at the same time are served in one transaction.

A buyer who arrives while a batch is served waits for the next one, first come, first served. Each
buyer keeps their own command: its answer is remembered, its events carry it, and a refusal concerns
this buyer alone. Several processes may batch: the stock's row decides between them.
"""

import asyncio
import contextvars
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from libs.runtime.store.cause import Cause
from libs.runtime.store.store import KeyReused, Overloaded, Store
from services.checkout.locks import lock_buyers
from services.checkout.stock.inventory import Allotment
from services.checkout.stock.tables import StockTable

logger = logging.getLogger(__name__)

LARGEST_BATCH: Final = 64
MOST_WAITING: Final = 2000
_THREADS: Final = 4


@dataclass(frozen=True, slots=True)
class Buyer:
    """A buyer with the command that sells the pass."""

    person_id: UUID
    pass_id: UUID
    cause: Cause
    decide: Callable[[Allotment | None], str]


class _Alone(Exception):
    """The batch failed as a whole; the buyer is served alone."""


@dataclass
class _Batches:
    waiting: deque[tuple[Buyer, "asyncio.Future[str]"]] = field(default_factory=deque)


class OrderBatcher:
    """Serves the buyers of each pass in batches; a single buyer is served at once."""

    def __init__(self, store: Store[Any], refusals: tuple[type[Exception], ...]) -> None:
        self._store = store
        self._refusals: tuple[type[Exception], ...] = (*refusals, KeyReused)
        self._stock = StockTable()
        self._waiting: dict[UUID, _Batches] = {}
        self._at_work: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="batches")

    async def serve(self, buyer: Buyer) -> str:
        """Wait for a batch. Raises the command's refusals and Overloaded."""
        queue = self._waiting.get(buyer.pass_id)
        if queue is None:
            queue = self._waiting[buyer.pass_id] = _Batches()
            task = asyncio.create_task(self._work_off(buyer.pass_id, queue))
            self._at_work.add(task)
            task.add_done_callback(self._at_work.discard)
        if len(queue.waiting) >= MOST_WAITING:
            raise Overloaded
        served: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        queue.waiting.append((buyer, served))
        try:
            return await served
        except _Alone:
            return await self._store.command(buyer.cause, lambda: buyer.decide(None))

    async def _work_off(self, pass_id: UUID, queue: _Batches) -> None:
        while queue.waiting:
            count = min(len(queue.waiting), LARGEST_BATCH)
            batch = [queue.waiting.popleft() for _ in range(count)]
            answers = await self._served(pass_id, [buyer for buyer, _ in batch])
            for (_, served), answer in zip(batch, answers, strict=True):
                if served.cancelled():
                    continue
                if isinstance(answer, Exception):
                    served.set_exception(answer)
                else:
                    served.set_result(answer)
        del self._waiting[pass_id]

    async def _served(self, pass_id: UUID, batch: Sequence[Buyer]) -> Sequence[str | Exception]:
        context = contextvars.copy_context()
        work = asyncio.get_running_loop().run_in_executor(
            self._threads,
            lambda: context.run(
                self._store.work, batch[0].cause, lambda: self._in_one(pass_id, batch)
            ),
        )
        await asyncio.wait({work})
        fault = work.exception()
        if fault is None:
            return work.result()
        logger.warning(
            "a batch of %s failed, its buyers are served one by one: %r", len(batch), fault
        )
        return [_Alone() for _ in batch]

    def _in_one(self, pass_id: UUID, batch: Sequence[Buyer]) -> list[Any]:
        lock_buyers([buyer.person_id for buyer in batch], pass_id)
        with self._stock.allotted(pass_id, len(batch)) as allotment:
            return [self._answer(buyer, allotment) for buyer in batch]

    def _answer(self, buyer: Buyer, allotment: Allotment | None) -> str | Exception:
        try:
            return self._store.execute_within(buyer.cause, lambda: buyer.decide(allotment))
        except self._refusals as refused:
            return refused
