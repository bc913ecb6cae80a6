"""Refunds of purchases: the money that the team gives back, or that went back by itself."""

import logging
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from services.checkout.context import Context
from services.checkout.orders.order import Order
from services.checkout.orders.repository import OrderRepository
from services.checkout.orders.states import OrderStatus
from services.checkout.payments.charge import NothingToRefund
from services.checkout.payments.payment import Payment
from services.checkout.payments.provider import ProviderPayment, ProviderRefund
from services.checkout.payments.refund import (
    fail_refund,
    record_refund,
    refund_again,
    refuse_refund,
    request_refund,
)
from services.checkout.payments.use_cases import Payments, pause, pause_after_failed
from services.checkout.stock.inventory import Inventory, SoldOut
from services.checkout.stock.seat import Seat, SeatReason, SeatState

logger = logging.getLogger(__name__)

REFUND: Final = "refund"
_BANNED: Final = "banned"


class Refunds:
    """Refunds of purchases, and what follows from them for the order and its seat."""

    def __init__(
        self,
        context: Context,
        orders: OrderRepository,
        payments: Payments,
        inventory: Inventory,
    ) -> None:
        self._context = context
        self._orders = orders
        self._payments = payments
        self._inventory = inventory

    def request_refund(
        self, request_id: UUID, order_id: UUID, amount_minor: int | None, cause: str
    ) -> str:
        """Have that much (None: all that is left) refunded. Returns the id of the request.

        Raises OrderNotFound, NothingToRefund, RefundExceedsPayment.
        """
        order = self._orders.locked(order_id)
        payment = self._settling(order)
        if payment is None:
            raise NothingToRefund(order_id)
        if str(request_id) not in payment.requests:
            if order.status != OrderStatus.FULFILLED:
                raise NothingToRefund(order_id)
            now = self._context.clock.now()
            request_refund(payment, request_id, amount_minor, cause, now)
            self._put(payment, request_id, 0, now)
        self._context.save(payment)
        return str(request_id)

    def refund_what_a_ban_overtook(
        self, space_id: UUID, person_id: UUID, banned_at: datetime
    ) -> None:
        """Give back what was paid after a ban fell and before we heard of it."""
        for order_id in self._orders.reads.bought_during_a_ban(space_id, person_id, banned_at):
            self.request_refund(uuid5(order_id, _BANNED), order_id, None, _BANNED)

    def refund_again(self, order_id: UUID, request_id: UUID, tries: int) -> None:
        """So many tries brought about no refund at the provider: try again with a fresh key.

        Does nothing when the request is over.
        """
        payment = self._settling(self._orders.locked(order_id))
        if payment is not None and str(request_id) in payment.requests:
            self._put(payment, request_id, tries, self._context.clock.now() + pause(tries))

    def refuse_refund(self, order_id: UUID, request_id: UUID, code: str, tries: int) -> None:
        """The provider refuses the refund, after so many tries. The team may ask again.

        What a purchase that is over still owes is tried for ever.
        """
        order = self._orders.locked(order_id)
        payment = self._settling(order)
        if payment is None or str(request_id) not in payment.requests:
            return
        logger.error("order %s: refund %s is refused: %s", order.id, request_id, code)
        now = self._context.clock.now()
        owes = payment.refunded_minor < payment.captured_minor
        if order.status == OrderStatus.REFUNDED and owes:
            self._put(payment, request_id, tries, now + pause(tries))
        else:
            refuse_refund(payment, request_id, code, now)
        self._context.save(payment)

    def record_refund(self, order_id: UUID, refund: ProviderRefund) -> None:
        """The provider refunded money of a purchase, or tells at once that it failed."""
        order = self._orders.locked(order_id)
        payment = self._settling(order)
        if payment is None:
            raise NothingToRefund(order_id)
        seat = self._orders.seat_of(order)
        self.record(order, payment, seat, refund)
        self._context.save(order, payment, seat)

    def compare(
        self, order: Order, payment: Payment, seat: Seat, provider: ProviderPayment
    ) -> None:
        """Record what was refunded at the provider, whoever asked for it, and what failed."""
        for refund in (*provider.refunds, *provider.failed_refunds):
            self.record(order, payment, seat, refund)

    def record(self, order: Order, payment: Payment, seat: Seat, refund: ProviderRefund) -> None:
        """A full refund ends the purchase and gives the seat back."""
        now = self._context.clock.now()
        if refund.failure is not None:
            self._fail(order, payment, seat, refund, now)
            return
        made = record_refund(payment, refund, now)
        if made is None:
            return
        order.tell_refund(refund.amount_minor, made.purpose, now, full=made.full)
        if order.status == OrderStatus.REFUNDED and seat.state == SeatState.SOLD:
            self._inventory.release(seat, SeatReason.REFUNDED, now)

    def _fail(
        self, order: Order, payment: Payment, seat: Seat, refund: ProviderRefund, now: datetime
    ) -> None:
        """The money stayed with the creator, so the purchase is restored if a seat is left."""
        failed = fail_refund(payment, refund, now)
        if failed is None:
            return
        lacks = payment.refunded_minor < payment.captured_minor
        was_over = failed.counted and order.status == OrderStatus.REFUNDED and lacks
        stands_again = was_over and self._take_seat_again(order, seat, now)
        if failed.counted:
            order.tell_failed_refund(refund.amount_minor, now, stands_again=stands_again)
        what = f"the bank rejected refund {refund.refund_id} ({refund.failure})"
        if stands_again or not was_over:
            logger.error("order %s: %s", order.id, what)
            return
        logger.error("order %s: %s; no seat is left, so it is sent again", order.id, what)
        request_id = refund_again(payment, refund, now)
        self._put(payment, request_id, 0, now + pause_after_failed(payment))

    def _take_seat_again(self, order: Order, seat: Seat, now: datetime) -> bool:
        if self._orders.owns_another(order):
            return False
        try:
            self._inventory.sell(seat, now, SeatReason.REFUND_FAILED)
        except SoldOut:
            return False
        return True

    def _settling(self, order: Order) -> Payment | None:
        """The payment that bought the pass; None for an order that is free or was not paid."""
        intent = order.settled_by
        return None if intent is None else self._payments.find(order.id, intent)

    def _put(self, payment: Payment, request_id: UUID, tries: int, due_at: datetime) -> None:
        payload = {
            "order_id": str(payment.order_id),
            "request_id": str(request_id),
            "payment_intent_id": payment.payment_intent_id,
            "amount_minor": payment.requests[str(request_id)]["amount_minor"],
            "tries": tries,
        }
        self._context.schedule.at(REFUND, str(request_id), due_at, payload)
