"""The purpose and the states of a payment, and why it can't be refunded."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, Self
from uuid import UUID


class OrderNotFound(Exception):
    """No order of this id, or none that this person may see."""


class NothingToRefund(Exception):
    """Nothing was paid for the order, or all of it is refunded or being refunded."""


class RefundExceedsPayment(Exception):
    """The refund is larger than what is left of the payment."""


class PaymentState(StrEnum):
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
    """The purpose of a payment: its order, person, pass and amount."""

    order_id: UUID
    person_id: UUID
    space_id: UUID
    pass_id: UUID
    amount_minor: int
    currency: str
    currency_exponent: int

    def to_state(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        return cls(**state)
