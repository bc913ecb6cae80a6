"""How far we know a payment to be."""

from enum import StrEnum
from typing import Final


class OrderNotFound(Exception):
    """No order of this id, or none that is theirs to see."""


class OrderNotOpen(Exception):
    """The order is settled or expired: nothing can be paid for it any more."""


class NothingToRefund(Exception):
    """Nothing was paid for the order, or all of it is on its way back."""


class RefundExceedsPayment(Exception):
    """More would go back than is left of what was paid."""


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
