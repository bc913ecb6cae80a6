"""What the provider's own lists say of payments, though nobody told us."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Listing(StrEnum):
    """The lists, in the order in which a round goes through them."""

    PAYMENTS = "payments"
    CHARGES = "charges"
    REFUNDS = "refunds"


class Says(StrEnum):
    """What one object of a list says of its payment."""

    CAPTURED = "captured"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    NOT_TAKEN = "not_taken"
    """It was on its way back, and the bank did not take it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One object of a list that decides something, with the order that the payment names.

    `movement_id` names the money that moved: the payment that was captured or will never be, or the
    refund that went back. `object_id` is its place in the list; `at` is the provider's own time.
    `marked`: the payment bears all that we write into ours, so that it is no other seller's.
    """

    object_id: str
    says: Says
    payment_intent_id: str
    movement_id: str
    order_id: UUID
    amount_minor: int
    currency: str
    at: datetime
    marked: bool = False

    @property
    def key(self) -> str:
        """The same for all objects of the lists that say the same."""
        return f"{self.movement_id}:{self.says}"


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list, the newest first; the next one begins after `next_after` (None: the end).

    What decides nothing yet, and payments that name no order, are left out.
    """

    listed: tuple[Listed, ...]
    next_after: str | None = None
