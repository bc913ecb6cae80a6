"""Use cases of payments: the charges of an order, and the return of one that bought nothing."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError

from services.checkout.context import Context
from services.checkout.payments.charge import (
    BOUGHT_NOTHING,
    NOT_CAPTURED,
    UNDECIDED,
    Charge,
    OrderNotFound,
    PaymentState,
)
from services.checkout.payments.payment import Payment
from services.checkout.payments.provider.protocol import (
    MovementKind,
    ProviderMovement,
    ProviderPayment,
    ProviderRefund,
)
from services.checkout.payments.refund import fail_refund, record_refund, return_whole

logger = logging.getLogger(__name__)

RETURN_PAYMENT: Final = "return_payment"
LONGEST_PAUSE: Final = timedelta(minutes=5)
"""The longest pause between two tries while the provider answers with faults."""
AFTER_FAILED_REFUND: Final = timedelta(minutes=5)
"""The pause before a rejected refund is sent again; four times as long each time, a day at most."""


class Payments:
    """The stored payments; whoever changes one has locked its order."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def get(self, order_id: UUID, attempt: int) -> Payment | None:
        """An order's nth payment."""
        try:
            payment: Payment = self._context.repository.get(Payment.id_of(order_id, attempt))
        except AggregateNotFoundError:
            return None
        return payment

    def all_of(self, order_id: UUID) -> Iterator[Payment]:
        """The payments of an order, the oldest first."""
        attempt = 1
        while (payment := self.get(order_id, attempt)) is not None:
            yield payment
            attempt += 1

    def find(self, order_id: UUID, payment_intent_id: str) -> Payment | None:
        """The payment of that id at the provider."""
        found = (p for p in self.all_of(order_id) if p.payment_intent_id == payment_intent_id)
        return next(found, None)

    def request(self, charge: Charge, number: int, at: datetime) -> Payment:
        """The intent to charge an order, for the nth time."""
        return Payment(charge=charge.to_state(), attempt=number, requested_at=at)

    def named(self, charge: Charge, payment: ProviderPayment, at: datetime) -> Payment:
        """The payment that the provider names; a new one if unknown."""
        direct = self.get(charge.order_id, payment.attempt)
        if direct is not None and direct.payment_intent_id in {None, payment.payment_intent_id}:
            return direct
        known = list(self.all_of(charge.order_id))
        same = [each for each in known if each.payment_intent_id == payment.payment_intent_id]
        return same[0] if same else self.request(charge, len(known) + 1, at)

    def is_only_one(self, payment: Payment) -> bool:
        """Whether its order has no other payment."""
        return payment.attempt == 1 and self.get(payment.order_id, 2) is None

    # A payment that bought nothing

    def return_whole(self, payment: Payment, purpose: str, at: datetime) -> None:
        """A captured payment bought nothing: return it in full."""
        return_whole(payment, purpose, at)
        self._put_return(payment, 0, at)

    def return_again(self, order_id: UUID, payment_intent_id: str, key: str, tries: int) -> None:
        """No refund came of that key: try again with a fresh one.

        Does nothing when the return is complete, or when a newer key is scheduled.
        """
        self._context.locks.lock_order(order_id)
        payment = self.find(order_id, payment_intent_id)
        if payment is None or payment.state != PaymentState.RETURNING:
            return
        if key == _return_key(payment, tries):
            self._put_return(payment, tries + 1, self._context.clock.now() + pause(tries))

    def record_return(self, order_id: UUID, payment_intent_id: str, refund: ProviderRefund) -> None:
        """Record the return of a payment that bought nothing, or its failure."""
        self._context.locks.lock_order(order_id)
        payment = self.find(order_id, payment_intent_id)
        if payment is None:
            raise OrderNotFound(order_id)
        self.record(payment, refund, self._context.clock.now())
        self._context.save(payment)

    def compare(self, payment: Payment, provider: ProviderPayment, at: datetime) -> None:
        """Record every refund at the provider, whoever asked for it, and every failed one."""
        for refund in (*provider.failed_refunds, *provider.refunds):
            self.record(payment, refund, at)

    def record(self, payment: Payment, refund: ProviderRefund, at: datetime) -> None:
        """Record one refund of a payment that bought nothing, or its failure at the bank."""
        if refund.failure is None:
            record_refund(payment, refund, at)
        elif fail_refund(payment, refund, at) and payment.state == PaymentState.RETURNING:
            logger.error(
                "order %s: the bank rejected %s of the return of %s (%s); it is sent again",
                payment.order_id,
                refund.refund_id,
                payment.payment_intent_id,
                refund.failure,
            )
            self._put_return(payment, 0, at + pause_after_failed(payment))

    def _put_return(self, payment: Payment, tries: int, due_at: datetime) -> None:
        intent = payment.payment_intent_id or ""
        payload = {
            "order_id": str(payment.order_id),
            "payment_intent_id": intent,
            "cause": payment.purpose,
            "key": _return_key(payment, tries),
            "tries": tries,
        }
        self._context.schedule.at(RETURN_PAYMENT, intent, due_at, payload)


def knows(payment: Payment, movement: ProviderMovement) -> bool:
    """Whether we have what the provider's list says.

    A payment that is being returned is left to its job.
    """
    match movement.kind:
        case MovementKind.CAPTURED:
            return payment.state not in NOT_CAPTURED
        case MovementKind.CANCELLED:
            return payment.state not in UNDECIDED
        case MovementKind.RETURNED:
            known = {*payment.refunds, *payment.failed_refunds}
            return movement.movement_id in known or payment.state in BOUGHT_NOTHING
        case MovementKind.REFUND_FAILED:
            return movement.movement_id not in payment.refunds


def _return_key(payment: Payment, tries: int) -> str:
    """A new key after each failed refund, and after each key that only replays its fault.

    The provider refuses to refund more than the charge, so a new key never pays twice.
    """
    key = f"return:{payment.payment_intent_id}"
    failed = len(payment.failed_refunds)
    return f"{key}:{failed}:{tries}" if failed or tries else key


def pause(tries: int) -> timedelta:
    """How long to wait after so many tries."""
    return min(timedelta(seconds=2 ** min(tries, 10)), LONGEST_PAUSE)


def pause_after_failed(payment: Payment) -> timedelta:
    """How long to wait after a bank has rejected a refund of the payment."""
    wait = AFTER_FAILED_REFUND
    for _ in payment.failed_refunds[1:]:
        wait = min(wait * 4, timedelta(days=1))
    return wait
