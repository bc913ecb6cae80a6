"""The payment provider: what we ask of it, what it tells, and how it may let us down."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Protocol
from uuid import UUID


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
class ProviderPayment:
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


class Listing(StrEnum):
    """The lists, in the order in which a run goes through them."""

    PAYMENTS = "payments"
    CHARGES = "charges"
    REFUNDS = "refunds"


class MovementKind(StrEnum):
    """What one object of a list says of its payment."""

    CAPTURED = "captured"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    REFUND_FAILED = "refund_failed"
    """It was on its way back, and the bank did not take it."""


@dataclass(frozen=True, slots=True)
class ProviderMovement:
    """One object of a list that decides something, with the order that the payment names.

    `movement_id` names the money that moved: the payment that was captured or will never be, or the
    refund that went back. `object_id` is its place in the list; `at` is the provider's own time.
    `marked`: the payment bears all that we write into ours, so that it is no other seller's.
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
        """The same for all objects of the lists that say the same."""
        return f"{self.movement_id}:{self.kind}"


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list, the newest first; the next one begins after `next_after` (None: the end).

    What decides nothing yet, and payments that name no order, are left out.
    """

    listed: tuple[ProviderMovement, ...]
    next_after: str | None = None


class ProviderSilent(Exception):
    """The provider gave no answer that tells the outcome.

    `replayed`: this key will go on getting the same fault.
    """

    def __init__(self, detail: str, *, replayed: bool = False) -> None:
        super().__init__(detail)
        self.replayed = replayed


class PaymentImpossible(Exception):
    """The provider will not make such a payment; its code is the argument."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PaymentUnknown(Exception):
    """The provider has no payment of this id."""


class RefundImpossible(Exception):
    """The provider will not send this back; its code is the argument.

    `replayed`: that was its answer when the key was used first, whatever holds by now.
    """

    def __init__(self, code: str, *, replayed: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.replayed = replayed


class ForgedWebhook(Exception):
    """Not signed by the provider, too old, or not what it sends."""


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """A payment to be made, once for its key."""

    order_id: UUID
    person_id: UUID
    attempt: int
    idempotency_key: str
    amount_minor: int
    currency: str
    description: str


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """A requested refund, made once per key; an amount of None means all of it."""

    order_id: UUID
    payment_intent_id: str
    idempotency_key: str
    amount_minor: int | None = None
    request_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """A hint of the provider that something happened to a payment; `body` is as it came."""

    event_id: str
    type: str
    payment_intent_id: str | None
    body: str


class PaymentProvider(Protocol):
    """Who moves the money. Each call may raise ProviderSilent."""

    def create(self, asked: PaymentRequest) -> ProviderPayment:
        """Make the payment, once for its key. Raises PaymentImpossible."""
        ...

    def get(self, payment_intent_id: str) -> ProviderPayment:
        """The payment as it stands now. Raises PaymentUnknown."""
        ...

    def find(self, order_id: UUID, attempt: int) -> ProviderPayment | None:
        """The payment of an order's attempt, by what was written into it."""
        ...

    def cancel(self, payment_intent_id: str) -> ProviderPayment:
        """See to it that nobody can pay it any more; tells how it stands, paid perhaps."""
        ...

    def refund(self, asked: RefundRequest) -> ProviderRefund:
        """Refund a payment, once per key. Raises RefundImpossible."""
        ...

    def list_page(
        self, listing: Listing, since: datetime, until: datetime, after: str | None = None
    ) -> Page:
        """What was made at or after `since` and before `until`, from one of its own lists."""
        ...


class Asked(Enum):
    """How it went to ask for a payment: answered, silence, or nothing had to be asked for."""

    ANSWERED = auto()
    IN_VAIN = auto()
    NEEDLESSLY = auto()


Record = Callable[[], None]
"""What to record, in a unit of work, of what the provider answered."""
