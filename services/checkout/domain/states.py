"""Where an order is, and its payments."""

from enum import StrEnum
from typing import Final


class OrderStatus(StrEnum):
    """Where an order is; `returned` is an expired one whose late payment went back."""

    OPEN = "open"
    FULFILLED = "fulfilled"
    EXPIRED = "expired"
    RETURNED = "returned"
    REFUNDED = "refunded"


class PaymentState(StrEnum):
    """How far we know a payment to be."""

    CREATED = "created"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUCCEEDED = "succeeded"
    RETURNING = "returning"
    RETURNED = "returned"


UNDECIDED: Final = {PaymentState.CREATED, PaymentState.FAILED}
NOT_CAPTURED: Final = {*UNDECIDED, PaymentState.CANCELLED}
BOUGHT_NOTHING: Final = {PaymentState.RETURNING, PaymentState.RETURNED}
WITHOUT_PASS: Final = {OrderStatus.OPEN, OrderStatus.EXPIRED, OrderStatus.RETURNED}
