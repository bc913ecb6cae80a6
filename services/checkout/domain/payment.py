"""What the payment provider tells of one payment, as we read it there ourselves."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class OrderNotFound(Exception):
    """No order of this id, or none that is theirs to see."""


class OrderNotOpen(Exception):
    """The order is settled or expired: nothing can be paid for it any more."""


class NothingToRefund(Exception):
    """Nothing was paid for the order, or all of it is on its way back."""


class RefundExceedsPayment(Exception):
    """More would go back than is left of what was paid."""


class PaymentStatus(StrEnum):
    """The states of a payment, told the provider's names apart."""

    AWAITING = "awaiting"
    CHALLENGED = "challenged"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """Money that went back; `request_id` is our own id of it when we asked for it.

    `failure`: why it did not go back after all, even if it was called done before.
    """

    refund_id: str
    amount_minor: int
    request_id: UUID | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment as it stands at the provider; the amount is what was, or would be, captured.

    `failure` names the last refused attempt (the charge, or the code when none was made), so that
    the same one is told once. `refunds` are those that went back or are on their way; a failed one
    never is again. `client_secret` lets the buyer's browser pay: it is never stored in
    an event nor logged.
    """

    payment_intent_id: str
    status: PaymentStatus
    amount_minor: int
    currency: str
    order_id: UUID | None = None
    attempt: int = 1
    charge_id: str | None = None
    failure: str | None = None
    failure_code: str | None = None
    refunds: tuple[ProviderRefund, ...] = ()
    failed_refunds: tuple[ProviderRefund, ...] = ()
    client_secret: str | None = field(default=None, repr=False)
