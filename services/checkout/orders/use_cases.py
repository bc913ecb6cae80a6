"""Use cases of orders: load, decide, save."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.checkout.context import Context
from services.checkout.memberships.membership import Membership
from services.checkout.memberships.use_cases import Memberships
from services.checkout.orders.order import Order
from services.checkout.orders.repository import OrderRepository
from services.checkout.orders.sale.eligibility import refuse_unless_on_sale
from services.checkout.payments.charge import BOUGHT_NOTHING, PaymentState
from services.checkout.payments.payment import Payment
from services.checkout.payments.provider.protocol import (
    MovementKind,
    ProviderMovement,
    ProviderPayment,
)
from services.checkout.payments.use_cases import Payments, knows
from services.checkout.stock.inventory import Allotment, Inventory, SoldOut
from services.checkout.stock.seat import Seat, SeatReason

HOLD: Final = timedelta(minutes=10)
RECONCILE_AFTER: Final = timedelta(minutes=2)
LOOK_AGAIN_AFTER: Final = timedelta(minutes=5)
CLOSE_AT_LATEST_AFTER: Final = 0.2
"""Fraction of the hold: this long after its end the seat is released without the provider."""
WAIT_FORGIVEN: Final = 0.05
"""Fraction of the hold that may pass until there is a payment; then the hold restarts."""

RECONCILE_ORDER: Final = "reconcile_order"
CLOSE_ORDER: Final = "close_order"
HOLD_EXPIRES: Final = "hold_expires"


class Orders:
    """Opens, charges, fulfils and expires orders."""

    def __init__(
        self,
        context: Context,
        repository: OrderRepository,
        inventory: Inventory,
        memberships: Memberships,
        payments: Payments,
        hold: timedelta,
    ) -> None:
        self.hold = hold
        self._context = context
        self._clock = context.clock
        self._schedule = context.schedule
        self._reads = repository.reads
        self._repository = repository
        self._inventory = inventory
        self._memberships = memberships
        self._payments = payments

    def open_order(
        self,
        command_id: UUID,
        person_id: UUID,
        pass_id: UUID,
        allotment: Allotment | None = None,
    ) -> str:
        """Hold a seat and request the payment; fulfil at once when nothing is due.

        Returns the order's id: the person's open order if there is one. Raises PassNotFound, the
        refusals of `refuse_unless_on_sale`, and SoldOut last.
        """
        now = self._clock.now()
        self._context.locks.lock_buyer(person_id, pass_id)
        eligibility = self._reads.eligibility(pass_id, person_id, now)
        refuse_unless_on_sale(eligibility, now)
        if eligibility.open_order_id is not None:
            return str(eligibility.open_order_id)
        order = Order(
            command_id=command_id,
            person_id=person_id,
            quote=eligibility.quote.to_state(),
            total_minor=eligibility.quote.terms.total_minor,
            opened_at=now,
            held_until=now + self.hold,
        )
        if order.total_minor == 0:
            membership = self._fulfil(order, None, now)
            seat = self._inventory.take(order.id, pass_id, now, allotment)
            self._context.save(order, membership, seat)
            return str(order.id)
        # Before any write: a buyer who is refused shares the batch's transaction with others.
        seat = self._inventory.hold(order.id, pass_id, now, allotment)
        payment = self._payments.request(order.charge, 1, now)
        self._schedule_end_of_hold(order)
        self._context.save(order, payment, seat)
        return str(order.id)

    def request_payment(self, order_id: UUID) -> None:
        """Request a payment again when the last one is over. Raises OrderNotOpen."""
        order = self._repository.locked(order_id)
        order.require_open()
        self._request_again(order)

    def attach_payment(self, order_id: UUID, provider: ProviderPayment) -> None:
        """The provider made the payment: keep its id, and check on it in two minutes.

        For a buyer who waited in the queue the whole hold begins now.
        """
        order = self._repository.locked(order_id)
        now = self._clock.now()
        is_first = all(p.payment_intent_id is None for p in self._payments.all_of(order_id))
        waited = is_first and now > order.held_until - self.hold * (1 - WAIT_FORGIVEN)
        payment = self._payments.named(order.charge, provider, now)
        payment.attach(provider.payment_intent_id, now)
        if order.is_open:
            if waited:
                order.restart_hold(now + self.hold)
                self._schedule_end_of_hold(order)
            self._reads.keep_secret(provider)
            due = now + RECONCILE_AFTER
            self._schedule.at(RECONCILE_ORDER, str(order_id), due, _about(order_id))
        else:
            self._schedule.at(CLOSE_ORDER, str(order_id), now, _about(order_id))
        self._context.save(order, payment)

    def give_up_payment(self, order_id: UUID, attempt: int, code: str) -> None:
        """The provider refuses to make such a payment: release the seat."""
        order = self._repository.locked(order_id)
        now = self._clock.now()
        *_, payment = self._payments.all_of(order_id)
        if payment.attempt == attempt:
            payment.give_up(code, now)
        seat = self._repository.seat_of(order)
        if payment.is_over:
            self._expire(order, seat, SeatReason.PAYMENT_IMPOSSIBLE, now)
        self._context.save(order, payment, seat)

    def renew_payment(self, order_id: UUID, attempt: int) -> None:
        """The provider replays the same fault for this attempt: begin another one."""
        order = self._repository.locked(order_id)
        if order.is_open:
            *_, payment = self._payments.all_of(order_id)
            if payment.attempt == attempt:
                payment.give_up("provider_error", self._clock.now())
                self._context.save(payment)
            self._request_again(order)

    def _request_again(self, order: Order) -> None:
        payments = list(self._payments.all_of(order.id))
        if payments and payments[-1].is_over:
            now = self._clock.now()
            self._context.save(self._payments.request(order.charge, len(payments) + 1, now))

    def apply_provider_state(self, order_id: UUID, provider: ProviderPayment) -> None:
        """Bring an order to where its payment is at the provider; a repeated call changes nothing.

        Webhook, return page, reconciliation and the end of the hold all come here. A captured
        payment buys the pass or is returned. Raises OrderNotFound.
        """
        order = self._repository.locked(order_id)
        now = self._clock.now()
        payment = self._payments.named(order.charge, provider, now)
        payment.apply_provider_state(provider, now, tells_failures=order.is_open)
        seat = self._repository.seat_of(order)
        membership = None if order.may_be_fulfilled else self._memberships.of_order(order_id)
        if payment.state == PaymentState.SUCCEEDED and not _bought_by(payment, membership):
            membership = self._fulfil_or_return(order, payment, seat, now) or membership
        if membership is not None and _bought_by(payment, membership):
            self._memberships.refunds.compare(membership, payment, seat, provider)
        elif payment.state in BOUGHT_NOTHING:
            self._payments.compare(payment, provider, now)
        self._context.save(order, membership, payment, seat)

    def close_again(self, order_id: UUID) -> None:
        """Neither cancelled nor captured: retry in five minutes."""
        due = self._clock.now() + LOOK_AGAIN_AFTER
        self._schedule.at(CLOSE_ORDER, str(order_id), due, _about(order_id))

    def look_again(self, order_id: UUID, *, undecided: bool) -> None:
        """Check on the payments in five minutes while the order is open or one is `undecided`."""
        order = self._repository.locked(order_id)
        if order.is_open or undecided:
            due = self._clock.now() + LOOK_AGAIN_AFTER
            self._schedule.at(RECONCILE_ORDER, str(order_id), due, _about(order_id))

    def extend_hold(self, order_id: UUID, provider: ProviderPayment) -> None:
        """Extend the hold, because the buyer or their bank is paying."""
        order = self._repository.locked(order_id)
        if not order.is_open:
            return
        now = self._clock.now()
        payment = self._payments.named(order.charge, provider, now)
        payment.attach(provider.payment_intent_id, now)
        # After a restarted hold, or a repeated call, its end is scheduled already.
        if order.held_until <= now:
            order.extend_hold(now + self.hold)
            self._schedule_end_of_hold(order)
        self._context.save(order, payment)

    def close_order(self, order_id: UUID) -> None:
        """The hold is over: expire the order if it is still open."""
        order = self._repository.locked(order_id)
        seat = self._repository.seat_of(order)
        now = self._clock.now()
        if order.held_until <= now:
            self._expire(order, seat, SeatReason.HOLD_EXPIRED, now)
        self._context.save(order, seat)

    def find_discrepancy(self, movement: ProviderMovement) -> str | None:
        """Our state of the payment if it contradicts the provider's list; None when it agrees.

        Raises OrderNotFound.
        """
        self._repository.locked(movement.order_id)
        payment = self._payments.find(movement.order_id, movement.payment_intent_id)
        if payment is None:
            lost = movement.kind in {MovementKind.CAPTURED, MovementKind.RETURNED}
            return "unknown" if lost else None
        return None if knows(payment, movement) else payment.state

    def _fulfil_or_return(
        self, order: Order, payment: Payment, seat: Seat, now: datetime
    ) -> Membership | None:
        purpose = self._why_unusable(order, payment)
        if purpose is None:
            try:
                self._inventory.sell(seat, now)
            except SoldOut:
                purpose = "sold_out"
        if purpose is not None:
            self._payments.return_whole(payment, purpose, now)
            self._expire(order, seat, SeatReason.PAYMENT_RETURNED, now)
            return None
        membership = self._fulfil(order, payment.payment_intent_id, now)
        self._end(order)
        if self._payments.is_only_one(payment):
            self._schedule.cancel(CLOSE_ORDER, str(order.id))
        return membership

    def _fulfil(self, order: Order, payment_intent_id: str | None, now: datetime) -> Membership:
        """Settle the order by this payment (None: nothing was due); its membership starts."""
        order.fulfil(now)
        return self._memberships.start(
            Membership(
                order_id=order.id,
                person_id=order.person_id,
                quote=order.quote_state,
                total_minor=order.total_minor,
                payment_intent_id=payment_intent_id,
                access_from=now,
                access_until=order.quote.terms.access_until(now),
            )
        )

    def _why_unusable(self, order: Order, payment: Payment) -> str | None:
        if not order.may_be_fulfilled:
            return "second_charge"
        terms = order.quote.terms
        if (payment.captured_minor, payment.currency) != (order.total_minor, terms.currency):
            return "provider"
        until = terms.access_until(self._clock.now())
        if until is not None and until <= self._clock.now():
            return "too_late"
        eligibility = self._repository.eligibility_of(order)
        if eligibility.banned:
            return "banned"
        return None if eligibility.owned_order_id is None else "second_charge"

    def _expire(self, order: Order, seat: Seat, reason: SeatReason, now: datetime) -> None:
        if order.is_open:
            order.expire(reason.value, now)
            self._inventory.release(seat, reason, now)
            self._end(order)

    def _schedule_end_of_hold(self, order: Order) -> None:
        key = str(order.id)
        self._schedule.at(CLOSE_ORDER, key, order.held_until, _about(order.id))
        # The last resort, when the provider can't be asked.
        latest = order.held_until + self.hold * CLOSE_AT_LATEST_AFTER
        self._schedule.at(HOLD_EXPIRES, key, latest, _about(order.id))

    def _end(self, order: Order) -> None:
        # CLOSE_ORDER stays: it has to cancel the payments of an expired order.
        for kind in (RECONCILE_ORDER, HOLD_EXPIRES):
            self._schedule.cancel(kind, str(order.id))
        self._reads.forget_secrets(order.id)


def _bought_by(payment: Payment, membership: Membership | None) -> bool:
    return membership is not None and membership.payment_intent_id == payment.payment_intent_id


def _about(order_id: UUID) -> dict[str, str]:
    return {"order_id": str(order_id)}
