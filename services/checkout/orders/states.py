"""Where an order is."""

from enum import StrEnum
from typing import Final


class OrderStatus(StrEnum):
    """Where an order is; `returned` is an expired one whose late payment went back."""

    OPEN = "open"
    FULFILLED = "fulfilled"
    EXPIRED = "expired"
    RETURNED = "returned"
    REFUNDED = "refunded"


WITHOUT_PASS: Final = {OrderStatus.OPEN, OrderStatus.EXPIRED, OrderStatus.RETURNED}
