"""One charge of an order at the provider, and the owner of its refunds.

A payment moves forward along a lattice, never back: requested → created → (failed) → cancelled or
succeeded; one that bought nothing goes on to returning → returned. A refund that failed never
counts again. So the provider's states may arrive from anywhere, repeatedly, and in any order.
"""

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

from libs.money import EXPONENTS
from services.checkout.payments.charge import (
    NOT_CAPTURED,
    OVER,
    UNDECIDED,
    PaymentState,
)
from services.checkout.payments.provider.protocol import (
    PaymentStatus,
    ProviderPayment,
)


class Payment(Aggregate):
    """A charge, with its refunds: together never more than was captured."""

    TOPIC = "checkout.payment"

    class Event(Aggregate.Event):
        """Any event of a payment; `charge` is its purpose."""

        charge: dict[str, Any]

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "checkout.payment.created"

    class Requested(Aggregate.Created):
        """We will ask the provider for it, or found it there."""

        TOPIC = "checkout.payment.requested"

        charge: dict[str, Any]
        attempt: int
        requested_at: datetime

    class IntentCreated(Event):
        """The provider has the payment under this id."""

        TOPIC = "checkout.payment.intent_created"

        payment_intent_id: str
        created_at: datetime

    class Failed(Event):
        """A charge was refused; another card may work. Without an id: no payment can be made."""

        TOPIC = "checkout.payment.failed"

        payment_intent_id: str | None
        failure: str
        code: str
        failed_at: datetime

    class Cancelled(Event):
        """The provider will never charge this one."""

        TOPIC = "checkout.payment.cancelled"

        payment_intent_id: str
        cancelled_at: datetime

    class Succeeded(Event):
        """The money was captured."""

        TOPIC = "checkout.payment.succeeded"

        payment_intent_id: str
        charge_id: str | None
        amount_minor: int
        currency: str
        currency_exponent: int
        succeeded_at: datetime

    class RefundRequested(Event):
        """We will ask the provider for this refund.

        `whole`: the payment bought nothing, and all of it is returned.
        """

        TOPIC = "checkout.payment.refund_requested"

        request_id: UUID
        payment_intent_id: str
        amount_minor: int
        purpose: str
        whole: bool
        requested_at: datetime

    class Refunded(Event):
        """A refund was made, at our request or from the provider's dashboard.

        `full`: all that was captured is refunded now. `whole`: the payment bought nothing.
        """

        TOPIC = "checkout.payment.refunded"

        payment_intent_id: str
        request_id: UUID | None
        refund_id: str
        amount_minor: int
        captured_minor: int
        currency: str
        currency_exponent: int
        purpose: str
        full: bool
        whole: bool
        refunded_at: datetime

    class RefundFailed(Event):
        """The bank rejected a refund: the money stayed with the creator.

        `counted`: it had been recorded as refunded. `stands_again`: the purchase had been refunded
        in full, and its membership is restored. `reopened`: a payment that bought nothing had been
        returned, and has to be returned again.
        """

        TOPIC = "checkout.payment.refund_failed"

        payment_intent_id: str
        request_id: UUID | None
        refund_id: str
        amount_minor: int
        currency: str
        currency_exponent: int
        failure: str
        whole: bool
        counted: bool
        stands_again: bool
        reopened: bool
        failed_at: datetime

    class RefundRefused(Event):
        """The provider refused that refund."""

        TOPIC = "checkout.payment.refund_refused"

        request_id: UUID
        code: str
        refused_at: datetime

    @event(Requested)
    def __init__(self, charge: dict[str, Any], attempt: int, requested_at: datetime) -> None:
        self.charge = charge
        self.order_id: UUID = charge["order_id"]
        self.attempt = attempt
        self.currency: str = charge["currency"]
        self.currency_exponent: int = charge["currency_exponent"]
        self.state = PaymentState.REQUESTED.value
        self.payment_intent_id: str | None = None
        self.failures: list[str] = []
        self.captured_minor = 0
        self.purpose: str | None = None
        self.requests: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, int] = {}
        self.failed_refunds: list[str] = []

    @staticmethod
    @override
    def create_id(charge: dict[str, Any], attempt: int) -> UUID:
        """Each attempt to charge an order is one payment."""
        return Payment.id_of(charge["order_id"], attempt)

    @staticmethod
    def id_of(order_id: UUID, attempt: int) -> UUID:
        """The id of an order's nth payment."""
        return uuid5(NAMESPACE_URL, f"/payments/{order_id}/{attempt}")

    def tell(self, event_class: Any, **fields: Any) -> None:
        """Trigger an event with the charge."""
        self.trigger_event(event_class, charge=self.charge, **fields)

    @property
    def is_over(self) -> bool:
        """Whether nothing can be paid with it any more."""
        return self.state in OVER

    @property
    def refunded_minor(self) -> int:
        """The sum of its refunds."""
        return sum(self.refunds.values())

    def attach(self, payment_intent_id: str, at: datetime) -> None:
        """Keep the provider's id of it. Does nothing when that is known."""
        if self.payment_intent_id is None:
            self.tell(
                Payment.IntentCreated,
                payment_intent_id=payment_intent_id,
                created_at=at,
            )

    @event(IntentCreated)
    def _intent_created(self, payment_intent_id: str) -> None:
        self.payment_intent_id = payment_intent_id
        self.state = PaymentState.CREATED.value

    def give_up(self, code: str, at: datetime) -> None:
        """The provider will not make it: nothing was or can be charged."""
        if not self.is_over:
            self._fail(None, f"attempt:{self.attempt}", code, at)

    def apply_provider_state(
        self, payment: ProviderPayment, at: datetime, *, tells_failures: bool
    ) -> None:
        """Move forward to the provider's state; record a refused charge if `tells_failures`."""
        self.attach(payment.payment_intent_id, at)
        intent = payment.payment_intent_id
        is_new_failure = payment.failure not in {None, *self.failures}
        if payment.status is PaymentStatus.SUCCEEDED and self.state in NOT_CAPTURED:
            self.tell(
                Payment.Succeeded,
                payment_intent_id=intent,
                charge_id=payment.charge_id,
                amount_minor=payment.amount_minor,
                currency=payment.currency,
                currency_exponent=EXPONENTS.get(payment.currency, self.currency_exponent),
                succeeded_at=at,
            )
        elif payment.status is PaymentStatus.CANCELLED and self.state in UNDECIDED:
            self.tell(Payment.Cancelled, payment_intent_id=intent, cancelled_at=at)
        elif self.state in UNDECIDED and tells_failures and is_new_failure:
            self._fail(intent, payment.failure or "", payment.failure_code or "unknown", at)

    def _fail(self, payment_intent_id: str | None, failure: str, code: str, at: datetime) -> None:
        self.tell(
            Payment.Failed,
            payment_intent_id=payment_intent_id,
            failure=failure,
            code=code,
            failed_at=at,
        )

    @event(Failed)
    def _failed(self, payment_intent_id: str | None, failure: str) -> None:
        self.failures.append(failure)
        impossible = payment_intent_id is None
        self.state = (PaymentState.IMPOSSIBLE if impossible else PaymentState.FAILED).value

    @event(Cancelled)
    def _cancelled(self) -> None:
        self.state = PaymentState.CANCELLED.value

    @event(Succeeded)
    def _succeeded(self, amount_minor: int, currency: str, currency_exponent: int) -> None:
        self.state = PaymentState.SUCCEEDED.value
        self.captured_minor = amount_minor
        self.currency = currency
        self.currency_exponent = currency_exponent

    # Refunds

    @event(RefundRequested)
    def _refund_requested(
        self, request_id: UUID, amount_minor: int, purpose: str, whole: bool
    ) -> None:
        if whole:
            self.purpose = purpose
            self.state = PaymentState.RETURNING.value
        else:
            self.requests[str(request_id)] = {"amount_minor": amount_minor, "purpose": purpose}

    @event(RefundRefused)
    def _refund_refused(self, request_id: UUID) -> None:
        del self.requests[str(request_id)]

    @event(Refunded)
    def _refunded(
        self, request_id: UUID | None, refund_id: str, amount_minor: int, full: bool, whole: bool
    ) -> None:
        self.refunds[refund_id] = amount_minor
        self.requests.pop(str(request_id), None)
        if full and whole:
            self.state = PaymentState.RETURNED.value

    @event(RefundFailed)
    def _refund_failed(self, request_id: UUID | None, refund_id: str, reopened: bool) -> None:
        self.failed_refunds.append(refund_id)
        self.refunds.pop(refund_id, None)
        self.requests.pop(str(request_id), None)
        if reopened:
            self.state = PaymentState.RETURNING.value
