"""Refunds of purchases, and what follows from them for the membership and its seat.

The team asks for them, or they are found at the provider. The payment owns its refunds: this module
decides what a refund, or its failure at the bank, means for what was bought.
"""

import logging
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from services.checkout.context import Context
from services.checkout.memberships.membership import Membership
from services.checkout.memberships.repository import MembershipRepository
from services.checkout.payments.charge import NothingToRefund
from services.checkout.payments.payment import Payment
from services.checkout.payments.provider.protocol import ProviderPayment, ProviderRefund
from services.checkout.payments.refund import (
    fail_refund,
    record_refund,
    refund_again,
    refuse_refund,
    request_refund,
    would_lack,
)
from services.checkout.payments.use_cases import Payments, pause, pause_after_failed
from services.checkout.stock.inventory import Inventory, SoldOut
from services.checkout.stock.seat import Seat, SeatReason, SeatState

logger = logging.getLogger(__name__)

REFUND: Final = "refund"
_BANNED: Final = "banned"


class Refunds:
    """Asks for refunds of purchases and records them."""

    def __init__(
        self,
        context: Context,
        memberships: MembershipRepository,
        payments: Payments,
        inventory: Inventory,
    ) -> None:
        self._context = context
        self._memberships = memberships
        self._payments = payments
        self._inventory = inventory

    def request_refund(
        self, request_id: UUID, order_id: UUID, amount_minor: int | None, purpose: str
    ) -> str:
        """Request a refund of that much (None: all that is left). Returns the id of the request.

        Raises NothingToRefund, RefundExceedsPayment.
        """
        membership, payment = self._bought(order_id)
        if str(request_id) not in payment.requests:
            if membership.is_refunded:
                raise NothingToRefund(order_id)
            now = self._context.clock.now()
            request_refund(payment, request_id, amount_minor, purpose, now)
            self._put(payment, request_id, 0, now)
        self._context.save(payment)
        return str(request_id)

    def refund_what_a_ban_overtook(
        self, space_id: UUID, person_id: UUID, banned_at: datetime
    ) -> None:
        """Refund what was paid between a ban and our hearing of it."""
        for order_id in self._memberships.reads.bought_during_a_ban(space_id, person_id, banned_at):
            self.request_refund(uuid5(order_id, _BANNED), order_id, None, _BANNED)

    def refund_again(self, order_id: UUID, request_id: UUID, tries: int) -> None:
        """No refund came of so many tries: try again with a fresh key.

        Does nothing when the request is over.
        """
        _, payment = self._bought(order_id)
        if str(request_id) in payment.requests:
            self._put(payment, request_id, tries, self._context.clock.now() + pause(tries))

    def refuse_refund(self, order_id: UUID, request_id: UUID, code: str, tries: int) -> None:
        """The provider refused the refund after so many tries. The team may ask again.

        A refund that a refunded membership still owes is retried for ever.
        """
        membership, payment = self._bought(order_id)
        if str(request_id) not in payment.requests:
            return
        logger.error("order %s: the provider refuses refund %s: %s", order_id, request_id, code)
        now = self._context.clock.now()
        owes = payment.refunded_minor < payment.captured_minor
        if membership.is_refunded and owes:
            self._put(payment, request_id, tries, now + pause(tries))
        else:
            refuse_refund(payment, request_id, code, now)
        self._context.save(payment)

    def record_refund(self, order_id: UUID, refund: ProviderRefund) -> None:
        """Record a refund, or one that failed at once. Raises NothingToRefund."""
        membership, payment = self._bought(order_id)
        seat = self._memberships.seat_of(membership)
        self._record(membership, payment, seat, refund)
        self._context.save(membership, payment, seat)

    def record_refunds(self, order_id: UUID, provider: ProviderPayment) -> None:
        """Record all that the provider has refunded of the payment. Raises NothingToRefund."""
        membership, payment = self._bought(order_id)
        seat = self._memberships.seat_of(membership)
        self.compare(membership, payment, seat, provider)
        self._context.save(membership, payment, seat)

    def compare(
        self, membership: Membership, payment: Payment, seat: Seat, provider: ProviderPayment
    ) -> None:
        """Record every refund at the provider, whoever asked for it, and every failed one."""
        for refund in (*provider.refunds, *provider.failed_refunds):
            self._record(membership, payment, seat, refund)

    def _record(
        self, membership: Membership, payment: Payment, seat: Seat, refund: ProviderRefund
    ) -> None:
        """A full refund ends the membership and gives the seat back."""
        now = self._context.clock.now()
        if refund.failure is not None:
            self._fail(membership, payment, seat, refund, now)
            return
        made = record_refund(payment, refund, now)
        if made is None or not made.full:
            return
        membership.refund(now)
        if seat.state == SeatState.SOLD:
            self._inventory.release(seat, SeatReason.REFUNDED, now)

    def _fail(
        self,
        membership: Membership,
        payment: Payment,
        seat: Seat,
        refund: ProviderRefund,
        now: datetime,
    ) -> None:
        """The money stayed with the creator, so the membership is restored if a seat is left."""
        was_over = membership.is_refunded and would_lack(payment, refund)
        stands_again = was_over and self._restore(membership, seat, now)
        if fail_refund(payment, refund, now, stands_again=stands_again) is None:
            return
        what = f"the bank rejected refund {refund.refund_id} ({refund.failure})"
        if stands_again or not was_over:
            logger.error("order %s: %s", payment.order_id, what)
            return
        logger.error(
            "order %s: %s; the membership can't be restored, so it is sent again",
            payment.order_id,
            what,
        )
        request_id = refund_again(payment, refund, now)
        self._put(payment, request_id, 0, now + pause_after_failed(payment))

    def _restore(self, membership: Membership, seat: Seat, now: datetime) -> bool:
        """Give the membership and its seat back; False when that is impossible."""
        if not membership.may_be_restored(now):
            return False
        if self._memberships.is_owned_otherwise(membership, now):
            return False
        try:
            self._inventory.sell(seat, now, SeatReason.REFUND_FAILED)
        except SoldOut:
            return False
        membership.restore(now)
        return True

    def _bought(self, order_id: UUID) -> tuple[Membership, Payment]:
        """The membership of an order and the payment that bought it. Raises NothingToRefund."""
        membership = self._memberships.of_order(order_id)
        if membership is None or membership.payment_intent_id is None:
            raise NothingToRefund(order_id)
        payment = self._payments.find(order_id, membership.payment_intent_id)
        if payment is None:
            raise NothingToRefund(order_id)
        return membership, payment

    def _put(self, payment: Payment, request_id: UUID, tries: int, due_at: datetime) -> None:
        payload = {
            "order_id": str(payment.order_id),
            "request_id": str(request_id),
            "payment_intent_id": payment.payment_intent_id,
            "amount_minor": payment.requests[str(request_id)]["amount_minor"],
            "tries": tries,
        }
        self._context.schedule.at(REFUND, str(request_id), due_at, payload)
