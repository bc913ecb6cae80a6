"""Asks the provider about an order when its buyer wants to know, but not too often."""

import asyncio
import contextvars
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from libs.runtime.scheduling.clock import Clock
from libs.runtime.store.cause import Cause
from services.checkout.orders.charging.jobs import Charging
from services.checkout.payments.provider.protocol import (
    PaymentStatus,
    ProviderPayment,
    ProviderSilent,
)

logger = logging.getLogger(__name__)

PATIENCE_S: Final = 6.0
"""How long an answer waits for the provider; the request then goes on in its thread."""
FRESH: Final = timedelta(seconds=3)
"""How long an answer is shared: Stripe allows 25 requests a second for all buyers."""
_THREADS: Final = 24

_BY_MONEY: Final = (
    PaymentStatus.CANCELLED,
    PaymentStatus.AWAITING,
    PaymentStatus.CHALLENGED,
    PaymentStatus.PROCESSING,
    PaymentStatus.SUCCEEDED,
)

_Answer = asyncio.Future[Sequence[ProviderPayment]]


@dataclass
class StatusPoller:
    """One request at a time for each order; the tabs of a buyer share its answer."""

    charging: Charging
    clock: Clock
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_THREADS, thread_name_prefix="provider")
    )
    begun: dict[UUID, tuple[datetime, _Answer]] = field(default_factory=dict)

    async def look(self, order_id: UUID, cause: Cause) -> PaymentStatus | None:
        """Settle the order. Returns the payment's status at the provider, None if unknown.

        A shared AWAITING answer is discarded: the buyer may have paid since.
        """
        now = self.clock.now()
        self._forget(now)
        last = self.begun.get(order_id)
        if last is None:
            self.begun[order_id] = (now, self._begin(order_id, cause))
        _, answer = self.begun[order_id]
        await asyncio.wait({answer}, timeout=PATIENCE_S)
        if not answer.done() or answer.exception() is not None:
            return None
        seen = _furthest(answer.result())
        return None if last and seen is PaymentStatus.AWAITING else seen

    def _forget(self, now: datetime) -> None:
        self.begun = {
            order_id: (at, answer)
            for order_id, (at, answer) in self.begun.items()
            if not answer.done() or (at <= now < at + FRESH and _asked(answer))
        }

    def _begin(self, order_id: UUID, cause: Cause) -> _Answer:
        context = contextvars.copy_context()
        answer = asyncio.get_running_loop().run_in_executor(
            self.threads,
            lambda: context.run(self.charging.settle_order, order_id, cause),
        )
        answer.add_done_callback(_ended)
        return answer


def _ended(answer: _Answer) -> None:
    fault = answer.exception()
    if isinstance(fault, ProviderSilent):
        logger.warning("the payment provider is silent: %r", fault)
    elif fault is not None:
        logger.error("asking the payment provider failed", exc_info=fault)


def _asked(answer: _Answer) -> bool:
    """Whether a request was made; if not, there may be a payment to ask for now."""
    return answer.exception() is not None or bool(answer.result())


def _furthest(payments: Sequence[ProviderPayment]) -> PaymentStatus | None:
    """The status of several payments that is closest to captured."""
    statuses = [payment.status for payment in payments]
    return max(statuses, key=_BY_MONEY.index, default=None)
