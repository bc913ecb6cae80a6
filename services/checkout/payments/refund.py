"""Decides the refunds of a payment, which the payment's own events assign."""

from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from services.checkout.payments.charge import NothingToRefund, PaymentState, RefundExceedsPayment
from services.checkout.payments.payment import Payment
from services.checkout.payments.provider.protocol import ProviderRefund

FROM_DASHBOARD: Final = "provider"
"""The purpose of a refund that was made on the provider's dashboard."""


def refundable_minor(payment: Payment) -> int:
    """What is left to refund, less open requests."""
    asked: int = sum(each["amount_minor"] for each in payment.requests.values())
    return payment.captured_minor - payment.refunded_minor - asked


def return_whole(payment: Payment, purpose: str, at: datetime) -> None:
    """Request the return of a payment that bought nothing. Does nothing when that is under way."""
    if payment.state == PaymentState.SUCCEEDED:
        request_id = uuid5(NAMESPACE_URL, f"/refunds/{payment.id}/whole")
        _request(payment, request_id, payment.captured_minor, purpose, at, whole=True)


def request_refund(
    payment: Payment, request_id: UUID, amount_minor: int | None, purpose: str, at: datetime
) -> None:
    """Request a refund of that much (None: all that is left), once for the id.

    Raises NothingToRefund, RefundExceedsPayment.
    """
    if str(request_id) in payment.requests:
        return
    left = refundable_minor(payment)
    if left <= 0:
        raise NothingToRefund(payment.id)
    if amount_minor is not None and not 0 < amount_minor <= left:
        raise RefundExceedsPayment(left)
    _request(payment, request_id, amount_minor or left, purpose, at)


def refund_again(payment: Payment, failed: ProviderRefund, at: datetime) -> UUID:
    """Request again what a bank rejected. Returns the id of the request."""
    request_id = uuid5(NAMESPACE_URL, f"/refunds/{failed.refund_id}/again")
    _request(payment, request_id, failed.amount_minor, FROM_DASHBOARD, at)
    return request_id


def _request(
    payment: Payment,
    request_id: UUID,
    amount_minor: int,
    purpose: str,
    at: datetime,
    *,
    whole: bool = False,
) -> None:
    payment.tell(
        Payment.RefundRequested,
        request_id=request_id,
        payment_intent_id=payment.payment_intent_id,
        amount_minor=amount_minor,
        purpose=purpose,
        whole=whole,
        requested_at=at,
    )


def refuse_refund(payment: Payment, request_id: UUID, code: str, at: datetime) -> None:
    """Record that the provider refuses it. Does nothing when the request is settled."""
    if str(request_id) in payment.requests:
        payment.tell(
            Payment.RefundRefused,
            request_id=request_id,
            code=code,
            refused_at=at,
        )


def record_refund(
    payment: Payment, refund: ProviderRefund, at: datetime
) -> Payment.Refunded | None:
    """Record a refund. None if it is known, or known to have failed."""
    if refund.refund_id in payment.refunds or refund.refund_id in payment.failed_refunds:
        return None
    asked = payment.requests.get(str(refund.request_id))
    payment.tell(
        Payment.Refunded,
        payment_intent_id=payment.payment_intent_id,
        request_id=refund.request_id if asked else None,
        refund_id=refund.refund_id,
        amount_minor=refund.amount_minor,
        captured_minor=payment.captured_minor,
        currency=payment.currency,
        currency_exponent=payment.currency_exponent,
        purpose=payment.purpose or (asked["purpose"] if asked else FROM_DASHBOARD),
        full=payment.refunded_minor + refund.amount_minor >= payment.captured_minor,
        whole=payment.purpose is not None,
        refunded_at=at,
    )
    return payment.pending_events[-1]  # type: ignore[return-value]


def would_lack(payment: Payment, failed: ProviderRefund) -> bool:
    """Whether the failure of a recorded refund leaves less refunded than was captured."""
    counted = payment.refunds.get(failed.refund_id, 0)
    return counted > 0 and payment.refunded_minor - counted < payment.captured_minor


def fail_refund(
    payment: Payment, refund: ProviderRefund, at: datetime, *, stands_again: bool = False
) -> Payment.RefundFailed | None:
    """Record that the bank rejected a refund: it never counts again. None if known."""
    if refund.refund_id in payment.failed_refunds:
        return None
    asked = str(refund.request_id) in payment.requests
    counted = payment.refunds.get(refund.refund_id, 0)
    left = payment.refunded_minor - counted
    payment.tell(
        Payment.RefundFailed,
        payment_intent_id=payment.payment_intent_id,
        request_id=refund.request_id if asked else None,
        refund_id=refund.refund_id,
        amount_minor=refund.amount_minor,
        currency=payment.currency,
        currency_exponent=payment.currency_exponent,
        failure=refund.failure or "unknown",
        whole=payment.purpose is not None,
        counted=counted > 0,
        stands_again=stands_again,
        reopened=payment.state == PaymentState.RETURNED and left < payment.captured_minor,
        failed_at=at,
    )
    return payment.pending_events[-1]  # type: ignore[return-value]
