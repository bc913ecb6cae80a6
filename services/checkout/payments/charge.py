"""What a payment is for, where it is, and why money of it can't go back."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, Self
from uuid import UUID


class OrderNotFound(Exception):
    """No order of this id, or none that is theirs to see."""


class NothingToRefund(Exception):
    """Nothing was paid for the order, or all of it is on its way back."""


class RefundExceedsPayment(Exception):
    """More would go back than is left of what was paid."""


class PaymentState(StrEnum):
    """How far we know a payment to be."""

    REQUESTED = "requested"
    IMPOSSIBLE = "impossible"
    CREATED = "created"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUCCEEDED = "succeeded"
    RETURNING = "returning"
    RETURNED = "returned"


OVER: Final = {PaymentState.CANCELLED, PaymentState.IMPOSSIBLE}
UNDECIDED: Final = {PaymentState.CREATED, PaymentState.FAILED}
NOT_CAPTURED: Final = {PaymentState.REQUESTED, *UNDECIDED, *OVER}
BOUGHT_NOTHING: Final = {PaymentState.RETURNING, PaymentState.RETURNED}


@dataclass(frozen=True, slots=True)
class Charge:
    """What a payment is for: the order, whose it is, and the money."""

    order_id: UUID
    person_id: UUID
    space_id: UUID
    pass_id: UUID
    amount_minor: int
    currency: str
    currency_exponent: int

    def to_state(self) -> dict[str, Any]:
        """As it is stored in an event."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """As it was stored in an event."""
        return cls(**state)
