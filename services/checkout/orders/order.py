"""One attempt of one person to buy one pass, from the hold to the pass or the money back.

What the provider tells moves an order forward along a lattice, never back: a payment goes
requested → created → (failed) → succeeded or cancelled, a succeeded one that bought nothing goes
returning → returned. A refund goes refunded → failed, and one that failed never counts again. So it
does not matter who tells it, how often, or in which order.
"""

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

from libs.money import EXPONENTS
from services.checkout.orders.quote import Quote
from services.checkout.orders.states import WITHOUT_PASS, OrderStatus
from services.checkout.payments.payment import (
    BOUGHT_NOTHING,
    NOT_CAPTURED,
    UNDECIDED,
    NothingToRefund,
    OrderNotOpen,
    PaymentState,
    RefundExceedsPayment,
)
from services.checkout.payments.provider import (
    MovementKind,
    PaymentStatus,
    ProviderMovement,
    ProviderPayment,
    ProviderRefund,
)


class Order(Aggregate):
    """A person, a frozen offer, a seat held for ten minutes, and the payments for it."""

    TOPIC = "checkout.order"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "checkout.order.created"

    class Opened(Aggregate.Created):
        """The offer is frozen as it stands now, and a seat is held."""

        TOPIC = "checkout.order.opened"

        command_id: UUID
        person_id: UUID
        offer: dict[str, Any]
        total_minor: int
        opened_at: datetime
        held_until: datetime

    class PaymentRequested(Aggregate.Event):
        """The intent to ask the provider for a payment, stored before it is asked."""

        TOPIC = "checkout.order.payment_requested"

        attempt: int
        idempotency_key: str
        amount_minor: int
        currency: str
        requested_at: datetime

    class PaymentIntentCreated(Aggregate.Event):
        """The provider has the payment under this id."""

        TOPIC = "checkout.order.payment_intent_created"

        attempt: int
        payment_intent_id: str
        created_at: datetime

    class HoldExtended(Aggregate.Event):
        """The buyer or their bank was in the middle of paying when the hold would have ended."""

        TOPIC = "checkout.order.hold_extended"

        held_until: datetime

    class HoldRestarted(Aggregate.Event):
        """The payment was long in coming: the time to pay begins when there is one."""

        TOPIC = "checkout.order.hold_restarted"

        held_until: datetime

    class PaymentFailed(Aggregate.Event):
        """A charge was refused; another card may do."""

        TOPIC = "checkout.order.payment_failed"

        person_id: UUID
        space_id: UUID
        pass_id: UUID
        payment_intent_id: str | None
        failure: str
        code: str
        failed_at: datetime

    class PaymentCancelled(Aggregate.Event):
        """The provider will never charge this one."""

        TOPIC = "checkout.order.payment_cancelled"

        payment_intent_id: str
        cancelled_at: datetime

    class PaymentSucceeded(Aggregate.Event):
        """The money was captured."""

        TOPIC = "checkout.order.payment_succeeded"

        payment_intent_id: str
        charge_id: str | None
        amount_minor: int
        currency: str
        succeeded_at: datetime

    class Fulfilled(Aggregate.Event):
        """The pass is theirs."""

        TOPIC = "checkout.order.fulfilled"

        person_id: UUID
        offer: dict[str, Any]
        total_minor: int
        payment_intent_id: str | None
        granted_from: datetime
        granted_until: datetime | None

    class Expired(Aggregate.Event):
        """It was not paid in time, or can't be paid; the seat is free again."""

        TOPIC = "checkout.order.expired"

        person_id: UUID
        space_id: UUID
        pass_id: UUID
        reason: str
        expired_at: datetime

    class ReturnRequested(Aggregate.Event):
        """A captured payment bought nothing: the intent to send it back in full."""

        TOPIC = "checkout.order.return_requested"

        payment_intent_id: str
        amount_minor: int
        cause: str
        requested_at: datetime

    class PaymentReturned(Aggregate.Event):
        """That payment went back in full."""

        TOPIC = "checkout.order.payment_returned"

        person_id: UUID
        space_id: UUID
        pass_id: UUID
        payment_intent_id: str
        refund_id: str
        amount_minor: int
        currency: str
        currency_exponent: int
        cause: str
        returned_at: datetime

    class ReturnFailed(Aggregate.Event):
        """The bank did not take the returned payment: it has to be sent back again.

        `returned_by` is the refund by which it had been called returned, None when it had not.
        """

        TOPIC = "checkout.order.return_failed"

        payment_intent_id: str
        refund_id: str
        returned_by: str | None
        failure: str
        failed_at: datetime

    class RefundRequested(Aggregate.Event):
        """The team gives money back: the intent, stored before the provider is asked."""

        TOPIC = "checkout.order.refund_requested"

        request_id: UUID
        payment_intent_id: str
        amount_minor: int
        cause: str
        requested_at: datetime

    class RefundRefused(Aggregate.Event):
        """The provider will not do that refund."""

        TOPIC = "checkout.order.refund_refused"

        request_id: UUID
        code: str
        refused_at: datetime

    class Refunded(Aggregate.Event):
        """Money of the purchase went back, asked for by us or from the provider's dashboard."""

        TOPIC = "checkout.order.refunded"

        person_id: UUID
        space_id: UUID
        pass_id: UUID
        request_id: UUID | None
        refund_id: str
        amount_minor: int
        currency: str
        currency_exponent: int
        full: bool
        cause: str
        refunded_at: datetime

    class RefundFailed(Aggregate.Event):
        """The bank did not take money of the purchase: it never went back.

        `counted`: it had been told as refunded. `stands_again`: the purchase had been refunded in
        full, and is theirs again.
        """

        TOPIC = "checkout.order.refund_failed"

        person_id: UUID
        space_id: UUID
        pass_id: UUID
        request_id: UUID | None
        refund_id: str
        amount_minor: int
        currency: str
        currency_exponent: int
        failure: str
        counted: bool
        stands_again: bool
        failed_at: datetime

    @event(Opened)
    def __init__(
        self,
        command_id: UUID,
        person_id: UUID,
        offer: dict[str, Any],
        total_minor: int,
        opened_at: datetime,
        held_until: datetime,
    ) -> None:
        self.person_id = person_id
        self.offer_state = offer
        self.total_minor = total_minor
        self.held_until = held_until
        self.extensions = 0
        self.status = OrderStatus.OPEN.value
        self.attempt = 0
        self.attempt_over = True
        self.payments: dict[str, str] = {}
        self.attempts: dict[str, int] = {}
        self.amounts: dict[str, int] = {}
        self.return_causes: dict[str, str] = {}
        self.settled_by: str | None = None
        self.failures: list[str] = []
        self.refunds: dict[str, int] = {}
        self.refund_requests: dict[str, dict[str, Any]] = {}
        self.currencies: dict[str, str] = {}
        self.returned_by: dict[str, str] = {}
        self.failed_refunds: list[str] = []

    class_version = 2

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Snapshots of before know no failed refunds, nor the currency of a single payment."""
        state |= {"currencies": {}, "returned_by": {}, "failed_refunds": []}

    @staticmethod
    @override
    def create_id(command_id: UUID) -> UUID:
        """The same command opens the same order."""
        return uuid5(NAMESPACE_URL, f"/orders/{command_id}")

    @property
    def quote(self) -> Quote:
        """What was offered when the order was opened."""
        return Quote.from_state(self.offer_state)

    @property
    def may_be_fulfilled(self) -> bool:
        """Whether money that arrives now can still buy the pass, if there is a seat."""
        return self.status in WITHOUT_PASS

    @property
    def refunded_minor(self) -> int:
        """What went back so far."""
        return sum(self.refunds.values())

    @property
    def refundable_minor(self) -> int:
        """What is left to give back, refunds on their way taken off."""
        asked: int = sum(r["amount_minor"] for r in self.refund_requests.values())
        return self.total_minor - self.refunded_minor - asked

    @property
    def still_owes(self) -> bool:
        """Whether the purchase is over although a part of it came back from the bank."""
        return self.status == OrderStatus.REFUNDED and self.refunded_minor < self.total_minor

    def knows(self, listed: ProviderMovement) -> bool:
        """Whether we have what a list of the provider says; what goes back as a whole is counted
        when all of it is back."""
        state = self.payments.get(listed.payment_intent_id)
        match listed.kind:
            case MovementKind.CAPTURED:
                return state is not None and state not in NOT_CAPTURED
            case MovementKind.CANCELLED:
                return state not in UNDECIDED
            case MovementKind.RETURNED:
                known = {*self.refunds, *self.failed_refunds}
                return listed.movement_id in known or state in BOUGHT_NOTHING
            case MovementKind.REFUND_FAILED:
                counted = listed.movement_id in self.refunds or state == PaymentState.RETURNED
                return listed.movement_id in self.failed_refunds or not counted

    def _whose(self) -> dict[str, UUID]:
        return {
            "person_id": self.person_id,
            "space_id": self.offer_state["space_id"],
            "pass_id": self.offer_state["pass_id"],
        }

    def _currency(self, payment_intent_id: str | None = None) -> dict[str, Any]:
        terms = self.quote.terms
        currency = self.currencies.get(payment_intent_id or "", terms.currency)
        exponent = terms.currency_exponent
        if currency != terms.currency:
            exponent = EXPONENTS.get(currency, exponent)
        return {"currency": currency, "currency_exponent": exponent}

    # Asking for a payment

    def request_payment(self, at: datetime) -> None:
        """Intend to ask for a payment, unless one is asked for already. Raises OrderNotOpen."""
        if self.status != OrderStatus.OPEN:
            raise OrderNotOpen(self.id)
        if self.total_minor and self.attempt_over:
            attempt = self.attempt + 1
            self.trigger_event(
                Order.PaymentRequested,
                attempt=attempt,
                idempotency_key=f"order:{self.id}:{attempt}",
                amount_minor=self.total_minor,
                currency=self.quote.terms.currency,
                requested_at=at,
            )

    @event(PaymentRequested)
    def _payment_requested(self, attempt: int) -> None:
        self.attempt = attempt
        self.attempt_over = False

    def attach_payment(self, payment: ProviderPayment, at: datetime) -> None:
        """Remember under which id the provider has a payment of this order."""
        if payment.payment_intent_id not in self.payments:
            self.trigger_event(
                Order.PaymentIntentCreated,
                attempt=payment.attempt,
                payment_intent_id=payment.payment_intent_id,
                created_at=at,
            )

    @event(PaymentIntentCreated)
    def _payment_intent_created(self, attempt: int, payment_intent_id: str) -> None:
        self.payments[payment_intent_id] = PaymentState.CREATED.value
        self.attempts[payment_intent_id] = attempt

    def give_up_attempt(self, attempt: int, code: str, at: datetime) -> None:
        """The provider will not have this payment at all; nothing was or can be charged for it."""
        if attempt == self.attempt and not self.attempt_over:
            self.trigger_event(
                Order.PaymentFailed,
                **self._whose(),
                payment_intent_id=None,
                failure=f"attempt:{attempt}",
                code=code,
                failed_at=at,
            )

    # What the provider tells

    def apply_provider_state(self, payment: ProviderPayment, at: datetime) -> None:
        """Move the payment forward to where the provider has it; never back."""
        self.attach_payment(payment, at)
        state = self.payments[payment.payment_intent_id]
        if payment.status is PaymentStatus.SUCCEEDED and state in NOT_CAPTURED:
            self.trigger_event(
                Order.PaymentSucceeded,
                payment_intent_id=payment.payment_intent_id,
                charge_id=payment.charge_id,
                amount_minor=payment.amount_minor,
                currency=payment.currency,
                succeeded_at=at,
            )
        elif payment.status is PaymentStatus.CANCELLED and state in UNDECIDED:
            self.trigger_event(
                Order.PaymentCancelled, payment_intent_id=payment.payment_intent_id, cancelled_at=at
            )
        elif state in UNDECIDED:
            self._apply_provider_failure(payment, at)

    def _apply_provider_failure(self, payment: ProviderPayment, at: datetime) -> None:
        new = payment.failure is not None and payment.failure not in self.failures
        if new and self.status == OrderStatus.OPEN:
            self.trigger_event(
                Order.PaymentFailed,
                **self._whose(),
                payment_intent_id=payment.payment_intent_id,
                failure=payment.failure,
                code=payment.failure_code or "unknown",
                failed_at=at,
            )

    @event(PaymentFailed)
    def _payment_failed(self, payment_intent_id: str | None, failure: str) -> None:
        self.failures.append(failure)
        if payment_intent_id is None:
            self.attempt_over = True
        else:
            self.payments[payment_intent_id] = PaymentState.FAILED.value

    @event(PaymentCancelled)
    def _payment_cancelled(self, payment_intent_id: str) -> None:
        self.payments[payment_intent_id] = PaymentState.CANCELLED.value
        self.attempt_over |= self.attempts[payment_intent_id] == self.attempt

    @event(PaymentSucceeded)
    def _payment_succeeded(self, payment_intent_id: str, amount_minor: int, currency: str) -> None:
        self.payments[payment_intent_id] = PaymentState.SUCCEEDED.value
        self.amounts[payment_intent_id] = amount_minor
        self.currencies[payment_intent_id] = currency

    # How it ends

    def fulfil(self, payment_intent_id: str | None, at: datetime) -> None:
        """Give the pass for this payment (None: nothing was due). Raises OrderNotOpen."""
        if not self.may_be_fulfilled:
            raise OrderNotOpen(self.id)
        self.trigger_event(
            Order.Fulfilled,
            person_id=self.person_id,
            offer=self.offer_state,
            total_minor=self.total_minor,
            payment_intent_id=payment_intent_id,
            granted_from=at,
            granted_until=self.quote.terms.granted_until(at),
        )

    @event(Fulfilled)
    def _fulfilled(self, payment_intent_id: str | None) -> None:
        self.status = OrderStatus.FULFILLED.value
        self.settled_by = payment_intent_id

    def expire(self, reason: str, at: datetime) -> None:
        """Let go of the order. Raises OrderNotOpen."""
        if self.status != OrderStatus.OPEN:
            raise OrderNotOpen(self.id)
        self.trigger_event(Order.Expired, **self._whose(), reason=reason, expired_at=at)

    @event(Expired)
    def _expired(self) -> None:
        self.status = OrderStatus.EXPIRED.value

    def extend_hold(self, until: datetime) -> None:
        """Keep the seat longer. Raises OrderNotOpen."""
        if self.status != OrderStatus.OPEN:
            raise OrderNotOpen(self.id)
        self._hold_extended(held_until=until)

    @event(HoldExtended)
    def _hold_extended(self, held_until: datetime) -> None:
        self.held_until = held_until
        self.extensions += 1

    def restart_hold(self, until: datetime) -> None:
        """Keep the seat for someone who had to wait for the payment. Raises OrderNotOpen."""
        if self.status != OrderStatus.OPEN:
            raise OrderNotOpen(self.id)
        self._hold_restarted(held_until=until)

    @event(HoldRestarted)
    def _hold_restarted(self, held_until: datetime) -> None:
        self.held_until = held_until

    # Money that bought nothing

    def request_return(self, payment_intent_id: str, cause: str, at: datetime) -> None:
        """Intend to send a captured payment back. Does nothing when it is on its way already."""
        if self.payments[payment_intent_id] == PaymentState.SUCCEEDED:
            self.trigger_event(
                Order.ReturnRequested,
                payment_intent_id=payment_intent_id,
                amount_minor=self.amounts[payment_intent_id],
                cause=cause,
                requested_at=at,
            )

    @event(ReturnRequested)
    def _return_requested(self, payment_intent_id: str, cause: str) -> None:
        self.payments[payment_intent_id] = PaymentState.RETURNING.value
        self.return_causes[payment_intent_id] = cause

    def record_return(self, payment_intent_id: str, refund_id: str, at: datetime) -> None:
        """The payment is back. Does nothing when that is known, or known to have failed."""
        if refund_id in self.failed_refunds:
            return
        if self.payments[payment_intent_id] == PaymentState.RETURNING:
            self.trigger_event(
                Order.PaymentReturned,
                **self._whose(),
                payment_intent_id=payment_intent_id,
                refund_id=refund_id,
                amount_minor=self.amounts[payment_intent_id],
                **self._currency(payment_intent_id),
                cause=self.return_causes[payment_intent_id],
                returned_at=at,
            )

    @event(PaymentReturned)
    def _payment_returned(self, payment_intent_id: str, refund_id: str) -> None:
        self.payments[payment_intent_id] = PaymentState.RETURNED.value
        self.returned_by[payment_intent_id] = refund_id
        if self.status == OrderStatus.EXPIRED:
            self.status = OrderStatus.RETURNED.value

    def fail_return(
        self, payment_intent_id: str, refund: ProviderRefund, left_minor: int, at: datetime
    ) -> None:
        """The bank did not take it: returning again, unless the `left_minor` that other refunds
        gave back is all of it. Does nothing when that is known."""
        if refund.refund_id in self.failed_refunds:
            return
        returned_by = self.returned_by.get(payment_intent_id)
        if returned_by != refund.refund_id and left_minor >= self.amounts[payment_intent_id]:
            returned_by = None
        self.trigger_event(
            Order.ReturnFailed,
            payment_intent_id=payment_intent_id,
            refund_id=refund.refund_id,
            returned_by=returned_by,
            failure=refund.failure or "unknown",
            failed_at=at,
        )

    @event(ReturnFailed)
    def _return_failed(
        self, payment_intent_id: str, refund_id: str, returned_by: str | None
    ) -> None:
        self.failed_refunds.append(refund_id)
        if returned_by is not None:
            del self.returned_by[payment_intent_id]
            self.payments[payment_intent_id] = PaymentState.RETURNING.value
            if self.status == OrderStatus.RETURNED:
                self.status = OrderStatus.EXPIRED.value

    # Money of a purchase that goes back

    def request_refund(
        self, request_id: UUID, amount_minor: int | None, cause: str, at: datetime
    ) -> None:
        """Intend to give back that much, or all that is left.

        Raises NothingToRefund, RefundExceedsPayment.
        """
        if str(request_id) in self.refund_requests:
            return
        left = self.refundable_minor
        if self.status != OrderStatus.FULFILLED or self.settled_by is None or left <= 0:
            raise NothingToRefund(self.id)
        if amount_minor is not None and not 0 < amount_minor <= left:
            raise RefundExceedsPayment(left)
        self.trigger_event(
            Order.RefundRequested,
            request_id=request_id,
            payment_intent_id=self.settled_by,
            amount_minor=left if amount_minor is None else amount_minor,
            cause=cause,
            requested_at=at,
        )

    @event(RefundRequested)
    def _refund_requested(self, request_id: UUID, amount_minor: int, cause: str) -> None:
        self.refund_requests[str(request_id)] = {"amount_minor": amount_minor, "cause": cause}

    def refuse_refund(self, request_id: UUID, code: str, at: datetime) -> None:
        """The provider said no. Does nothing when the request was settled meanwhile."""
        if str(request_id) in self.refund_requests:
            self.trigger_event(Order.RefundRefused, request_id=request_id, code=code, refused_at=at)

    @event(RefundRefused)
    def _refund_refused(self, request_id: UUID) -> None:
        del self.refund_requests[str(request_id)]

    def record_refund(self, refund: ProviderRefund, at: datetime) -> None:
        """Money went back; a refund is counted once, and parts that sum up are full."""
        if refund.refund_id in self.refunds or refund.refund_id in self.failed_refunds:
            return
        asked = self.refund_requests.get(str(refund.request_id))
        self.trigger_event(
            Order.Refunded,
            **self._whose(),
            request_id=refund.request_id if asked else None,
            refund_id=refund.refund_id,
            amount_minor=refund.amount_minor,
            **self._currency(),
            full=self.refunded_minor + refund.amount_minor >= self.total_minor,
            cause=asked["cause"] if asked else "provider",
            refunded_at=at,
        )

    @event(Refunded)
    def _refunded(
        self, request_id: UUID | None, refund_id: str, amount_minor: int, full: bool
    ) -> None:
        self.refunds[refund_id] = amount_minor
        self.refund_requests.pop(str(request_id), None)
        if full:
            self.status = OrderStatus.REFUNDED.value

    def undoes_full_refund(self, refund: ProviderRefund) -> bool:
        """Whether a purchase that ended with a full refund lacks a part of it without this one."""
        counted = self.refunds.get(refund.refund_id, 0)
        left = self.refunded_minor - counted
        return counted > 0 and self.status == OrderStatus.REFUNDED and left < self.total_minor

    def fail_refund(self, refund: ProviderRefund, at: datetime, *, stands_again: bool) -> None:
        """The bank did not take it; an id that failed never counts again. Told twice, nothing
        happens."""
        if refund.refund_id in self.failed_refunds:
            return
        asked = str(refund.request_id) in self.refund_requests
        self.trigger_event(
            Order.RefundFailed,
            **self._whose(),
            request_id=refund.request_id if asked else None,
            refund_id=refund.refund_id,
            amount_minor=refund.amount_minor,
            **self._currency(),
            failure=refund.failure or "unknown",
            counted=refund.refund_id in self.refunds,
            stands_again=stands_again,
            failed_at=at,
        )

    @event(RefundFailed)
    def _refund_failed(self, request_id: UUID | None, refund_id: str, stands_again: bool) -> None:
        self.failed_refunds.append(refund_id)
        self.refunds.pop(refund_id, None)
        self.refund_requests.pop(str(request_id), None)
        if stands_again:
            self.status = OrderStatus.FULFILLED.value

    def refund_again(self, failed: ProviderRefund, at: datetime) -> UUID:
        """Intend to give back once more what a purchase that is over still owes. Returns the id of
        the request."""
        request_id = uuid5(NAMESPACE_URL, f"/refunds/{failed.refund_id}/again")
        self.trigger_event(
            Order.RefundRequested,
            request_id=request_id,
            payment_intent_id=self.settled_by or "",
            amount_minor=failed.amount_minor,
            cause="provider",
            requested_at=at,
        )
        return request_id
