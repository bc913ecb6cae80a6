"""Charges orders at the payment provider.

The provider is asked outside of any transaction, and its answer recorded inside one. The intent is
stored first. Without an answer the outcome is unknown: the same request is repeated with the same
key.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.checkout.orders.charging import queries
from services.checkout.orders.charging.queries import AskedPayment
from services.checkout.orders.states import OrderStatus
from services.checkout.orders.use_cases import Orders
from services.checkout.payments.provider.protocol import (
    Asked,
    PaymentImpossible,
    PaymentProvider,
    PaymentStatus,
    PaymentUnknown,
    ProviderPayment,
    ProviderRefund,
    ProviderSilent,
    Record,
    RefundImpossible,
    RefundRequest,
)
from services.checkout.payments.use_cases import Payments

logger = logging.getLogger(__name__)

_CHALLENGES_EXTENDED: Final = 1


@dataclass(frozen=True, slots=True)
class UseCases:
    """Where the provider's answers are recorded."""

    orders: Orders
    payments: Payments


class Charging:
    """Asks the provider about one order and returns what to record."""

    def __init__(
        self,
        store: Store[Any],
        use_cases: UseCases,
        provider: PaymentProvider,
        before_making: Callable[[UUID], None],
    ) -> None:
        """`before_making` waits for a turn in the queue: at the end of a hold, repeating the
        request is how to learn whether a payment was made. It may raise PaymentImpossible and
        ProviderSilent.
        """
        self._store = store
        self._orders = use_cases.orders
        self._payments = use_cases.payments
        self._provider = provider
        self._before_making = before_making

    def ensure(self, order_id: UUID, cause: Cause) -> Asked:
        """Make the payment of an open order unless there is one.

        A silent provider is no fault: the order stays open, and is asked about later.
        """
        asked = self._asked(order_id)
        if asked is not None and asked.is_over:
            self._store.work(cause, lambda: self._orders.request_payment(order_id))
            asked = self._asked(order_id)
        if asked is None or asked.has_secret:
            return Asked.NEEDLESSLY
        try:
            payment = self._make(asked)
        except PaymentImpossible as refused:
            logger.warning("order %s can't be paid: %s", order_id, refused.code)
            code = refused.code
            self._store.work(
                cause, lambda: self._orders.give_up_payment(order_id, asked.attempt, code)
            )
        except ProviderSilent as silent:
            logger.warning(
                "order %s: no answer about its payment, asked again later: %r", order_id, silent
            )
            if silent.replayed:
                self._store.work(cause, lambda: self._orders.renew_payment(order_id, asked.attempt))
            return Asked.IN_VAIN
        else:
            self._store.work(cause, lambda: self._orders.attach_payment(order_id, payment))
        return Asked.ANSWERED

    def settle_order(self, order_id: UUID, cause: Cause) -> Sequence[ProviderPayment]:
        """Settle an order by its undecided payments. Returns them as the provider has them.

        Raises ProviderSilent.
        """
        seen = self._seen(order_id)
        if seen:
            self._store.work(cause, self._settling(order_id, seen))
        return seen

    def look(self, order_id: UUID) -> Record | None:
        """Get the undecided payments of an order; None when there are none."""
        seen = self._seen(order_id)
        return self._settling(order_id, seen) if seen else None

    def look_and_again(self, order_id: UUID) -> Record:
        """As `look`, and again every five minutes while anything is undecided."""
        look = self.look(order_id)

        def record() -> None:
            if look is not None:
                look()
            self._orders.look_again(order_id, undecided=self._any_undecided(order_id))

        return record

    def follow_hint(self, payment_intent_id: str) -> Record | None:
        """Get the payment that a webhook named; None when it isn't ours."""
        try:
            payment = self._provider.get(payment_intent_id)
        except PaymentUnknown:
            return None
        order_id = self._store.query(lambda curs: queries.find_order_of(curs, payment))
        return None if order_id is None else self._settling(order_id, [payment])

    def close(self, order_id: UUID) -> Record | None:
        """The hold is over: cancel what can still be paid, unless the buyer is paying right now.

        A payment that can't be cancelled yet is checked every five minutes until it is decided.
        """
        payments: list[ProviderPayment] = []
        for asked in self._undecided(order_id):
            payment = self._known_or_made(asked)
            if payment is None:
                continue
            if self._may_wait(asked, payment):
                return lambda: self._orders.extend_hold(order_id, payment)
            undecided = payment.status not in {PaymentStatus.SUCCEEDED, PaymentStatus.CANCELLED}
            payments.append(
                self._provider.cancel(payment.payment_intent_id) if undecided else payment
            )
        settling = self._settling(order_id, payments)

        def record() -> None:
            settling()
            self._orders.close_order(order_id)
            if self._any_undecided(order_id):
                self._orders.close_again(order_id)

        return record

    def return_payment(
        self, order_id: UUID, payment_intent_id: str, key: str, tries: int
    ) -> Record:
        """Return a payment that bought nothing, in full.

        Look for an existing refund first: the provider replays the first response to a key, errors
        included.
        """
        payment = self._provider.get(payment_intent_id)
        refund: ProviderRefund | None = None
        if sum(made.amount_minor for made in payment.refunds) < payment.amount_minor:
            try:
                refund = self._provider.refund(RefundRequest(order_id, payment_intent_id, key))
            except ProviderSilent as silent:
                if not silent.replayed:
                    raise
                logger.warning(
                    "%s: the provider replays its first fault, a new key follows: %r", key, silent
                )
            except RefundImpossible:
                logger.exception("payment %s can't be returned", payment_intent_id)
                payment = self._provider.get(payment_intent_id)

        def record() -> None:
            self._orders.apply_provider_state(order_id, payment)
            if refund is not None:
                self._payments.record_return(order_id, payment_intent_id, refund)
            self._payments.return_again(order_id, payment_intent_id, key, tries)

        return record

    def _settling(self, order_id: UUID, payments: list[ProviderPayment]) -> Record:
        def record() -> None:
            for payment in payments:
                self._orders.apply_provider_state(order_id, payment)

        return record

    def _may_wait(self, asked: AskedPayment, payment: ProviderPayment) -> bool:
        if asked.status != OrderStatus.OPEN:
            return False
        if payment.status is PaymentStatus.PROCESSING:
            return True
        challenged = payment.status is PaymentStatus.CHALLENGED
        return challenged and asked.extensions < _CHALLENGES_EXTENDED

    def _known_or_made(self, asked: AskedPayment) -> ProviderPayment | None:
        """Repeat a request without an answer: the payment may exist, and the same key names it."""
        if asked.payment_intent_id is not None:
            return self._provider.get(asked.payment_intent_id)
        try:
            self._before_making(asked.order_id)
            return self._provider.create(asked.to_request())
        except PaymentImpossible:
            return None
        except ProviderSilent as silent:
            if not silent.replayed:
                raise
            return self._provider.find(asked.order_id, asked.attempt)

    def _make(self, asked: AskedPayment) -> ProviderPayment:
        if asked.payment_intent_id is not None:
            return self._provider.get(asked.payment_intent_id)
        try:
            return self._provider.create(asked.to_request())
        except ProviderSilent as silent:
            found = self._provider.find(asked.order_id, asked.attempt) if silent.replayed else None
            if found is None:
                raise
            return found

    def _asked(self, order_id: UUID) -> AskedPayment | None:
        return self._store.query(lambda curs: queries.get_asked_payment(curs, order_id))

    def _seen(self, order_id: UUID) -> list[ProviderPayment]:
        named = self._undecided(order_id)
        return [self._provider.get(a.payment_intent_id) for a in named if a.payment_intent_id]

    def _any_undecided(self, order_id: UUID) -> bool:
        """Whether a payment that the provider has may still be paid."""
        return any(asked.payment_intent_id for asked in self._undecided(order_id))

    def _undecided(self, order_id: UUID) -> list[AskedPayment]:
        return self._store.query(lambda curs: queries.list_undecided_payments(curs, order_id))
