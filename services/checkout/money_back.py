"""Money on its way back: what the provider shall be asked for, and what becomes of it.

Changes an order and its seat; who calls saves them.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from services.checkout.domain import (
    Order,
    OrderStatus,
    Payment,
    PaymentState,
    ProviderRefund,
    Seat,
    SeatReason,
    SeatState,
    SoldOut,
)
from services.checkout.stock import StockDoor

logger = logging.getLogger(__name__)

RETURN_PAYMENT: Final = "return_payment"
REFUND: Final = "refund"
LONGEST_PAUSE: Final = timedelta(minutes=5)
"""Between two tries to send money back while the provider answers with faults."""
AFTER_FAILED_REFUND: Final = timedelta(minutes=5)
"""Until money that a bank did not take is sent again; four times as long each time, a day at most.
"""


class Agenda(Protocol):
    """Where work is put that is due at a time."""

    def at(self, kind: str, key: str, due_at: datetime, payload: Mapping[str, Any]) -> None:
        """Do it at that time; the same kind and key moves it."""
        ...


class MoneyBack:
    """Returns of payments that bought nothing, and refunds of purchases."""

    def __init__(
        self, agenda: Agenda, stock: StockDoor, owns_another: Callable[[Order], bool]
    ) -> None:
        self._agenda = agenda
        self._stock = stock
        self._owns_another = owns_another

    def compare(self, order: Order, seat: Seat, payment: Payment, now: datetime) -> None:
        """What went back at the provider went back, whoever asked for it; what failed did not."""
        if payment.payment_intent_id == order.settled_by:
            for refund in (*payment.refunds, *payment.failed_refunds):
                self.record_refund(order, seat, refund, now)
        elif payment.payment_intent_id in order.return_causes:
            self._compare_return(order, payment, now)

    # Payments that bought nothing

    def send_back(self, order: Order, payment_intent_id: str, cause: str, now: datetime) -> None:
        """A captured payment bought nothing: it goes back in full."""
        order.request_return(payment_intent_id, cause, now)
        self._put_return(order, payment_intent_id, 0, now)

    def send_back_again(
        self, order: Order, payment_intent_id: str, key: str, tries: int, now: datetime
    ) -> None:
        """The return under that key did not come about: unless it is over, or a newer key is on
        the agenda, try once more with a fresh one."""
        returning = order.payments.get(payment_intent_id) == PaymentState.RETURNING
        if returning and key == _return_key(order, payment_intent_id, tries):
            self._put_return(order, payment_intent_id, tries + 1, now + _pause(tries))

    def record_return(
        self, order: Order, payment_intent_id: str, refund: ProviderRefund, now: datetime
    ) -> None:
        """The provider sent it back, or tells at once that it failed."""
        if refund.failure is None:
            order.record_return(payment_intent_id, refund.refund_id, now)
        else:
            self._fail_return(order, payment_intent_id, refund, 0, now)

    def _compare_return(self, order: Order, payment: Payment, now: datetime) -> None:
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
                "order %s: the bank did not take %s of the return of %s (%s); it is sent again",
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
        self._agenda.at(RETURN_PAYMENT, payment_intent_id, due_at, payload)

    # Purchases

    def refund(
        self,
        order: Order,
        request_id: UUID,
        amount_minor: int | None,
        cause: str,
        now: datetime,
    ) -> None:
        """Have that much (None: all that is left) sent back, once for the request's id.

        Raises NothingToRefund, RefundExceedsPayment.
        """
        if str(request_id) not in order.refund_requests:
            order.request_refund(request_id, amount_minor, cause, now)
            self._put_refund(order, request_id, 0, now)

    def refund_again(self, order: Order, request_id: UUID, tries: int, now: datetime) -> None:
        """So many tries did not bring it about: unless it is over, try with a fresh key."""
        if str(request_id) in order.refund_requests:
            self._put_refund(order, request_id, tries, now + _pause(tries))

    def refuse_refund(
        self, order: Order, request_id: UUID, code: str, tries: int, now: datetime
    ) -> None:
        """The provider will not send it back, after so many tries. The team may ask again; what a
        purchase that is over still owes is tried for ever."""
        if str(request_id) not in order.refund_requests:
            return
        logger.error("order %s: refund %s is refused: %s", order.id, request_id, code)
        if order.still_owes:
            self.refund_again(order, request_id, tries, now)
        else:
            order.refuse_refund(request_id, code, now)

    def record_refund(
        self, order: Order, seat: Seat, refund: ProviderRefund, now: datetime
    ) -> None:
        """Money of a purchase went back, or failed to; who has nothing left has no seat."""
        if refund.failure is not None:
            self._fail_refund(order, seat, refund, now)
            return
        order.record_refund(refund, now)
        if order.status == OrderStatus.REFUNDED and seat.state == SeatState.SOLD:
            self._stock.release(seat, SeatReason.REFUNDED, now)

    def _fail_refund(self, order: Order, seat: Seat, refund: ProviderRefund, now: datetime) -> None:
        """The money stayed with the creator, so the purchase stands again, if it can."""
        if refund.refund_id in order.failed_refunds:
            return
        was_over = order.undoes_full_refund(refund)
        stands_again = was_over and self._take_seat_again(order, seat, now)
        order.fail_refund(refund, now, stands_again=stands_again)
        what = f"the bank did not take refund {refund.refund_id} ({refund.failure})"
        if stands_again or not was_over:
            logger.error("order %s: %s", order.id, what)
            return
        logger.error("order %s: %s; there is no seat any more, it is sent again", order.id, what)
        request_id = order.refund_again(refund, now)
        self._put_refund(order, request_id, 0, now + _pause_after_failed(order))

    def _take_seat_again(self, order: Order, seat: Seat, now: datetime) -> bool:
        if self._owns_another(order):
            return False
        try:
            self._stock.sell(seat, now, SeatReason.REFUND_FAILED)
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
        self._agenda.at(REFUND, str(request_id), due_at, payload)


def _return_key(order: Order, payment_intent_id: str, tries: int) -> str:
    """Another one after each refund that failed, and after each key that only repeats its fault.
    What is back can't go back twice: the provider refuses more than the charge."""
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
