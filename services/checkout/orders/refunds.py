"""Refunds: what the provider is asked for, and what becomes of it.

A captured payment that bought nothing is returned in full. Money of a purchase is refunded as the
team asks for it, or as the provider's dashboard did.
"""

import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.checkout.context import Context
from services.checkout.orders.order import Order
from services.checkout.orders.repository import OrderRepository
from services.checkout.orders.states import OrderStatus
from services.checkout.payments.payment import PaymentState
from services.checkout.payments.provider import ProviderPayment, ProviderRefund
from services.checkout.stock.inventory import Inventory, SoldOut
from services.checkout.stock.seat import Seat, SeatReason, SeatState

logger = logging.getLogger(__name__)

RETURN_PAYMENT: Final = "return_payment"
REFUND: Final = "refund"
LONGEST_PAUSE: Final = timedelta(minutes=5)
"""Between two tries while the provider answers with faults."""
AFTER_FAILED_REFUND: Final = timedelta(minutes=5)
"""Until money that a bank rejected is sent again; four times as long each time, a day at most."""


class Refunds:
    """Returns of payments that bought nothing, and refunds of purchases."""

    def __init__(self, context: Context, orders: OrderRepository, inventory: Inventory) -> None:
        self._context = context
        self._orders = orders
        self._inventory = inventory

    def compare(self, order: Order, seat: Seat, payment: ProviderPayment, now: datetime) -> None:
        """Record what was refunded at the provider, whoever asked for it, and what failed."""
        if payment.payment_intent_id == order.settled_by:
            for refund in (*payment.refunds, *payment.failed_refunds):
                self._record_refund(order, seat, refund, now)
        elif payment.payment_intent_id in order.return_causes:
            self._compare_return(order, payment, now)

    # Payments that bought nothing

    def return_payment(
        self, order: Order, payment_intent_id: str, cause: str, now: datetime
    ) -> None:
        """A captured payment bought nothing: return it in full."""
        order.request_return(payment_intent_id, cause, now)
        self._put_return(order, payment_intent_id, 0, now)

    def return_again(self, order_id: UUID, payment_intent_id: str, key: str, tries: int) -> None:
        """The return under that key did not come about: try again with a fresh key.

        Does nothing when it is over, or when a newer key is on the schedule.
        """
        order = self._orders.locked(order_id)
        returning = order.payments.get(payment_intent_id) == PaymentState.RETURNING
        if returning and key == _return_key(order, payment_intent_id, tries):
            due_at = self._context.clock.now() + _pause(tries)
            self._put_return(order, payment_intent_id, tries + 1, due_at)

    def record_return(self, order_id: UUID, payment_intent_id: str, refund: ProviderRefund) -> None:
        """The provider returned a payment that bought nothing, or tells at once that it failed."""
        order = self._orders.locked(order_id)
        now = self._context.clock.now()
        if refund.failure is None:
            order.record_return(payment_intent_id, refund.refund_id, now)
        else:
            self._fail_return(order, payment_intent_id, refund, 0, now)
        self._context.save(order)

    def _compare_return(self, order: Order, payment: ProviderPayment, now: datetime) -> None:
        failed = {*order.failed_refunds, *(r.refund_id for r in payment.failed_refunds)}
        back = [refund for refund in payment.refunds if refund.refund_id not in failed]
        left_minor = sum(refund.amount_minor for refund in back)
        for refund in payment.failed_refunds:
            self._fail_return(order, payment.payment_intent_id, refund, left_minor, now)
        if back and left_minor >= payment.amount_minor:
            order.record_return(payment.payment_intent_id, back[-1].refund_id, now)

    def _fail_return(
        self,
        order: Order,
        payment_intent_id: str,
        refund: ProviderRefund,
        left_minor: int,
        now: datetime,
    ) -> None:
        if refund.refund_id in order.failed_refunds:
            return
        order.fail_return(payment_intent_id, refund, left_minor, now)
        if order.payments[payment_intent_id] == PaymentState.RETURNING:
            logger.error(
                "order %s: the bank rejected %s of the return of %s (%s); it is sent again",
                order.id,
                refund.refund_id,
                payment_intent_id,
                refund.failure,
            )
            self._put_return(order, payment_intent_id, 0, now + _pause_after_failed(order))

    def _put_return(
        self, order: Order, payment_intent_id: str, tries: int, due_at: datetime
    ) -> None:
        payload = {
            "order_id": str(order.id),
            "payment_intent_id": payment_intent_id,
            "cause": order.return_causes[payment_intent_id],
            "key": _return_key(order, payment_intent_id, tries),
            "tries": tries,
        }
        self._context.schedule.at(RETURN_PAYMENT, payment_intent_id, due_at, payload)

    # Purchases

    def request_refund(
        self, request_id: UUID, order_id: UUID, amount_minor: int | None, cause: str
    ) -> str:
        """Have that much (None: all that is left) refunded. Returns the id of the request.

        Raises OrderNotFound, NothingToRefund, RefundExceedsPayment.
        """
        order = self._orders.locked(order_id)
        now = self._context.clock.now()
        if str(request_id) not in order.refund_requests:
            order.request_refund(request_id, amount_minor, cause, now)
            self._put_refund(order, request_id, 0, now)
        self._context.save(order)
        return str(request_id)

    def refund_again(self, order_id: UUID, request_id: UUID, tries: int) -> None:
        """So many tries brought about no refund at the provider: try again with a fresh key.

        Does nothing when the request is over.
        """
        self._refund_again(self._orders.locked(order_id), request_id, tries)

    def _refund_again(self, order: Order, request_id: UUID, tries: int) -> None:
        if str(request_id) in order.refund_requests:
            due_at = self._context.clock.now() + _pause(tries)
            self._put_refund(order, request_id, tries, due_at)

    def refuse_refund(self, order_id: UUID, request_id: UUID, code: str, tries: int) -> None:
        """The provider refuses the refund, after so many tries. The team may ask again.

        What a purchase that is over still owes is tried for ever.
        """
        order = self._orders.locked(order_id)
        if str(request_id) not in order.refund_requests:
            return
        logger.error("order %s: refund %s is refused: %s", order.id, request_id, code)
        if order.still_owes:
            self._refund_again(order, request_id, tries)
        else:
            order.refuse_refund(request_id, code, self._context.clock.now())
        self._context.save(order)

    def record_refund(self, order_id: UUID, refund: ProviderRefund) -> None:
        """The provider refunded money of a purchase, or tells at once that it failed."""
        order = self._orders.locked(order_id)
        seat = self._orders.seat_of(order)
        self._record_refund(order, seat, refund, self._context.clock.now())
        self._context.save(order, seat)

    def _record_refund(
        self, order: Order, seat: Seat, refund: ProviderRefund, now: datetime
    ) -> None:
        """A full refund gives the seat back."""
        if refund.failure is not None:
            self._fail_refund(order, seat, refund, now)
            return
        order.record_refund(refund, now)
        if order.status == OrderStatus.REFUNDED and seat.state == SeatState.SOLD:
            self._inventory.release(seat, SeatReason.REFUNDED, now)

    def _fail_refund(self, order: Order, seat: Seat, refund: ProviderRefund, now: datetime) -> None:
        """The money stayed with the creator, so the purchase is restored if a seat is left."""
        if refund.refund_id in order.failed_refunds:
            return
        was_over = order.undoes_full_refund(refund)
        stands_again = was_over and self._take_seat_again(order, seat, now)
        order.fail_refund(refund, now, stands_again=stands_again)
        what = f"the bank rejected refund {refund.refund_id} ({refund.failure})"
        if stands_again or not was_over:
            logger.error("order %s: %s", order.id, what)
            return
        logger.error("order %s: %s; no seat is left, so it is sent again", order.id, what)
        request_id = order.refund_again(refund, now)
        self._put_refund(order, request_id, 0, now + _pause_after_failed(order))

    def _take_seat_again(self, order: Order, seat: Seat, now: datetime) -> bool:
        if self._orders.owns_another(order):
            return False
        try:
            self._inventory.sell(seat, now, SeatReason.REFUND_FAILED)
        except SoldOut:
            return False
        return True

    def _put_refund(self, order: Order, request_id: UUID, tries: int, due_at: datetime) -> None:
        payload = {
            "order_id": str(order.id),
            "request_id": str(request_id),
            "payment_intent_id": order.settled_by,
            "amount_minor": order.refund_requests[str(request_id)]["amount_minor"],
            "tries": tries,
        }
        self._context.schedule.at(REFUND, str(request_id), due_at, payload)


def _return_key(order: Order, payment_intent_id: str, tries: int) -> str:
    """A new key after each refund that failed, and after each key that only repeats its fault.

    The provider refuses to refund more than the charge, so a new key never pays twice.
    """
    key = f"return:{payment_intent_id}"
    failed = len(order.failed_refunds)
    return f"{key}:{failed}:{tries}" if failed or tries else key


def _pause(tries: int) -> timedelta:
    return min(timedelta(seconds=2 ** min(tries, 10)), LONGEST_PAUSE)


def _pause_after_failed(order: Order) -> timedelta:
    pause = AFTER_FAILED_REFUND
    for _ in order.failed_refunds[1:]:
        pause = min(pause * 4, timedelta(days=1))
    return pause
