"""Where an order is."""

from enum import StrEnum


class OrderStatus(StrEnum):
    """Where an order is; `returned`: expired, and its late payment was returned."""

    OPEN = "open"
    FULFILLED = "fulfilled"
    EXPIRED = "expired"
    RETURNED = "returned"
    REFUNDED = "refunded"
