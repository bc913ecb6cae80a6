"""What we say to whoever moves the money, and how they may let us down."""

from dataclasses import dataclass
from uuid import UUID


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
class RefundOrder:
    """Money to be sent back, once for its key; None is all of it."""

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
