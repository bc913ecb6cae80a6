"""The payment provider: requests, answers and faults."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Protocol
from uuid import UUID


class PaymentStatus(StrEnum):
    """The states of a payment at the provider, under our own names."""

    AWAITING = "awaiting"
    CHALLENGED = "challenged"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """A refund at the provider; `request_id` is our own id if we requested it.

    `failure`: why it failed, even if it had succeeded before.
    """

    refund_id: str
    amount_minor: int
    request_id: UUID | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderPayment:
    """One payment at the provider; the amount is what was, or would be, captured.

    `failure` names the last refused attempt (its charge, or its code without one), so that it is
    announced once. `refunds` succeeded or are pending; a failed refund never counts again.
    `client_secret` lets the buyer's browser pay; it is never logged, nor stored in an event.
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


class Listing(StrEnum):
    """The provider's lists, in the order in which a run reads them."""

    PAYMENTS = "payments"
    CHARGES = "charges"
    REFUNDS = "refunds"


class MovementKind(StrEnum):
    """What a listed object says about its payment."""

    CAPTURED = "captured"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    REFUND_FAILED = "refund_failed"
    """It was on its way back, and the bank did not take it."""


@dataclass(frozen=True, slots=True)
class ProviderMovement:
    """One listed object that decides something, with the order that the payment names.

    `movement_id`: the payment that was captured or cancelled, or the refund. `object_id` is its
    place in the list; `at` is the provider's own time. `marked`: the payment has all our metadata,
    so it isn't another seller's.
    """

    object_id: str
    kind: MovementKind
    payment_intent_id: str
    movement_id: str
    order_id: UUID
    amount_minor: int
    currency: str
    at: datetime
    marked: bool = False

    @property
    def key(self) -> str:
        """The same for all listed objects that say the same."""
        return f"{self.movement_id}:{self.kind}"


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list, the newest first; the next page begins after `next_after` (None: the end).

    Leaves out what decides nothing yet, and payments that name no order.
    """

    listed: tuple[ProviderMovement, ...]
    next_after: str | None = None


class ProviderSilent(Exception):
    """The provider gave no answer that says what happened.

    `replayed`: the provider replays this fault for this key.
    """

    def __init__(self, detail: str, *, replayed: bool = False) -> None:
        super().__init__(detail)
        self.replayed = replayed


class PaymentImpossible(Exception):
    """The provider refuses to make the payment; its code is the argument."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PaymentUnknown(Exception):
    """The provider has no payment of this id."""


class RefundImpossible(Exception):
    """The provider refuses the refund; its code is the argument.

    `replayed`: this is the first response to the key, and may be out of date.
    """

    def __init__(self, code: str, *, replayed: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.replayed = replayed


class ForgedWebhook(Exception):
    """Not signed by the provider, too old, or malformed."""


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """A payment to make, once for its key."""

    order_id: UUID
    person_id: UUID
    attempt: int
    idempotency_key: str
    amount_minor: int
    currency: str
    description: str


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """A refund to make, once for its key; the amount None is all of it."""

    order_id: UUID
    payment_intent_id: str
    idempotency_key: str
    amount_minor: int | None = None
    request_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """The provider's hint that something happened to a payment; `body` as received."""

    event_id: str
    type: str
    payment_intent_id: str | None
    body: str


class PaymentProvider(Protocol):
    """Moves the money. Each call may raise ProviderSilent."""

    def create(self, asked: PaymentRequest) -> ProviderPayment:
        """Make the payment, once for its key. Raises PaymentImpossible."""
        ...

    def get(self, payment_intent_id: str) -> ProviderPayment:
        """The payment as it stands now. Raises PaymentUnknown."""
        ...

    def find(self, order_id: UUID, attempt: int) -> ProviderPayment | None:
        """The payment of an order's attempt, by its metadata."""
        ...

    def cancel(self, payment_intent_id: str) -> ProviderPayment:
        """Make it unpayable. Returns its state, which may be paid."""
        ...

    def refund(self, asked: RefundRequest) -> ProviderRefund:
        """Refund a payment, once per key. Raises RefundImpossible."""
        ...

    def list_page(
        self, listing: Listing, since: datetime, until: datetime, after: str | None = None
    ) -> Page:
        """A page of one list: objects created at or after `since` and before `until`."""
        ...


class Asked(Enum):
    """What came of asking for a payment: an answer, silence, or nothing to ask for."""

    ANSWERED = auto()
    IN_VAIN = auto()
    NEEDLESSLY = auto()


Record = Callable[[], None]
"""What to record, in a unit of work, of what the provider answered."""
