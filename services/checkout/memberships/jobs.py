"""Refunds at the payment provider: asked outside of any transaction, recorded inside one."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.checkout.memberships.refunds import Refunds
from services.checkout.payments.provider.protocol import (
    PaymentProvider,
    ProviderSilent,
    Record,
    RefundImpossible,
    RefundRequest,
)

logger = logging.getLogger(__name__)


class Refunding:
    """Asks the provider for one refund and returns what to record."""

    def __init__(self, refunds: Refunds, provider: PaymentProvider) -> None:
        self._refunds = refunds
        self._provider = provider

    def refund(self, asked: RefundRequest, request_id: UUID, tries: int) -> Record:
        """Make the requested refund, unless the provider has made it already."""
        order_id = asked.order_id
        payment = self._provider.get(asked.payment_intent_id)
        made = (*payment.refunds, *payment.failed_refunds)
        if request_id in {refund.request_id for refund in made}:
            return lambda: self._refunds.record_refunds(order_id, payment)
        try:
            refund = self._provider.refund(asked)
        except ProviderSilent as silent:
            if not silent.replayed:
                raise
            logger.warning(
                "%s: the provider replays its first fault, a new key follows: %r",
                request_id,
                silent,
            )
            return lambda: self._refunds.refund_again(order_id, request_id, tries + 1)
        except RefundImpossible as refused:
            if refused.replayed:
                return lambda: self._refunds.refund_again(order_id, request_id, tries + 1)
            code, now = refused.code, self._provider.get(asked.payment_intent_id)

            def record() -> None:
                self._refunds.record_refunds(order_id, now)
                self._refunds.refuse_refund(order_id, request_id, code, tries + 1)

            return record
        return lambda: self._refunds.record_refund(order_id, refund)


def refund_request_of(due: Mapping[str, Any]) -> RefundRequest:
    """The request that the payload of a job describes."""
    request_id, tries = UUID(due["request_id"]), due["tries"]
    key = f"refund:{request_id}"
    return RefundRequest(
        order_id=UUID(due["order_id"]),
        payment_intent_id=due["payment_intent_id"],
        idempotency_key=f"{key}:{tries}" if tries else key,
        amount_minor=due["amount_minor"],
        request_id=request_id,
    )
