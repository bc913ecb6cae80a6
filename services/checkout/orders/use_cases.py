"""Use cases of orders: load, decide, save."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.checkout.context import Context
from services.checkout.orders.eligibility import refuse_unless_on_sale
from services.checkout.orders.order import Order
from services.checkout.orders.refunds import Refunds
from services.checkout.orders.repository import OrderRepository
from services.checkout.orders.states import OrderStatus
from services.checkout.payments.payment import PaymentState
from services.checkout.payments.provider import ProviderMovement, ProviderPayment
from services.checkout.stock.inventory import Allotment, Inventory, SoldOut
from services.checkout.stock.seat import Seat, SeatReason

HOLD: Final = timedelta(minutes=10)
RECONCILE_AFTER: Final = timedelta(minutes=2)
LOOK_AGAIN_AFTER: Final = timedelta(minutes=5)
CLOSE_AT_LATEST_AFTER: Final = 0.2
"""Of the hold's length: so much later a seat is free although the provider could not be asked."""
WAIT_FORGIVEN: Final = 0.05
"""So much of the hold may pass until there is a payment; after that the whole hold begins anew."""

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
        refunds: Refunds,
        hold: timedelta = HOLD,
    ) -> None:
        self.hold = hold
        self._context = context
        self._clock = context.clock
        self._schedule = context.schedule
        self._reads = repository.reads
        self._repository = repository
        self._inventory = inventory
        self._refunds = refunds

    def open_order(
        self,
        command_id: UUID,
        person_id: UUID,
        pass_id: UUID,
        allotment: Allotment | None = None,
    ) -> str:
        """Hold a seat and request the payment; fulfilled at once when nothing is due.

        Returns the id of the order: the person's open one if there is one. Raises PassNotFound and
        the refusals of `refuse_unless_on_sale`, SoldOut last.
        """
        now = self._clock.now()
        self._reads.lock_buyer(person_id, pass_id)
        eligibility = self._reads.eligibility(pass_id, person_id, now)
        refuse_unless_on_sale(eligibility, now)
        if eligibility.open_order_id is not None:
            return str(eligibility.open_order_id)
        order = Order(
            command_id=command_id,
            person_id=person_id,
            offer=eligibility.quote.to_state(),
            total_minor=eligibility.quote.terms.total_minor,
            opened_at=now,
            held_until=now + self.hold,
        )
        if order.total_minor == 0:
            order.fulfil(None, now)
            self._context.save(order, self._inventory.take(order.id, pass_id, now, allotment))
            return str(order.id)
        # Before anything is written: a buyer refused in a batch shares its transaction with others.
        seat = self._inventory.hold(order.id, pass_id, now, allotment)
        order.request_payment(now)
        self._schedule_end_of_hold(order)
        self._context.save(order, seat)
        return str(order.id)

    def request_payment(self, order_id: UUID) -> None:
        """Request a payment again when the last one is over. Raises OrderNotOpen."""
        order = self._repository.locked(order_id)
        order.request_payment(self._clock.now())
        self._context.save(order)

    def attach_payment(self, order_id: UUID, payment: ProviderPayment) -> None:
        """The provider made the payment: keep its id, and check on it in two minutes.

        A buyer who waited in the queue for it has the whole hold from now on.
        """
        order = self._repository.locked(order_id)
        now = self._clock.now()
        waited = not order.payments and now > order.held_until - self.hold * (1 - WAIT_FORGIVEN)
        order.attach_payment(payment, now)
        if order.status == OrderStatus.OPEN:
            if waited:
                order.restart_hold(now + self.hold)
                self._schedule_end_of_hold(order)
            self._reads.keep_secret(payment)
            due = now + RECONCILE_AFTER
            self._schedule.at(RECONCILE_ORDER, str(order_id), due, _about(order_id))
        else:
            self._schedule.at(CLOSE_ORDER, str(order_id), now, _about(order_id))
        self._context.save(order)

    def give_up_payment(self, order_id: UUID, attempt: int, code: str) -> None:
        """The provider refuses to make such a payment: release the seat."""
        order = self._repository.locked(order_id)
        now = self._clock.now()
        order.give_up_attempt(attempt, code, now)
        seat = self._repository.seat_of(order)
        if order.attempt_over:
            self._expire(order, seat, SeatReason.PAYMENT_IMPOSSIBLE, now)
        self._context.save(order, seat)

    def renew_payment(self, order_id: UUID, attempt: int) -> None:
        """The provider replays the same fault for this attempt: begin another one."""
        order = self._repository.locked(order_id)
        now = self._clock.now()
        if order.status == OrderStatus.OPEN:
            order.give_up_attempt(attempt, "provider_error", now)
            order.request_payment(now)
        self._context.save(order)

    def apply_provider_state(self, order_id: UUID, payment: ProviderPayment) -> None:
        """Bring an order to where its payment is at the provider. Redelivered, it happens once.

        Webhook, return page, reconciliation and the end of the hold all come here. A captured
        payment buys the pass or is returned. Raises OrderNotFound.
        """
        order = self._repository.locked(order_id)
        now = self._clock.now()
        order.apply_provider_state(payment, now)
        seat = self._repository.seat_of(order)
        if order.payments[payment.payment_intent_id] == PaymentState.SUCCEEDED:
            self._fulfil_or_return(order, seat, payment, now)
        self._refunds.compare(order, seat, payment, now)
        self._context.save(order, seat)

    def close_again(self, order_id: UUID) -> None:
        """Neither cancelled nor captured: retry in five minutes."""
        due = self._clock.now() + LOOK_AGAIN_AFTER
        self._schedule.at(CLOSE_ORDER, str(order_id), due, _about(order_id))

    def look_again(self, order_id: UUID, *, undecided: bool) -> None:
        """Check on the payments in five minutes while the order is open or one is `undecided`."""
        order = self._repository.locked(order_id)
        if order.status == OrderStatus.OPEN or undecided:
            due = self._clock.now() + LOOK_AGAIN_AFTER
            self._schedule.at(RECONCILE_ORDER, str(order_id), due, _about(order_id))

    def extend_hold(self, order_id: UUID, payment: ProviderPayment) -> None:
        """The buyer or their bank is paying while the hold ends: hold the seat once more."""
        order = self._repository.locked(order_id)
        if order.status != OrderStatus.OPEN:
            return
        now = self._clock.now()
        order.attach_payment(payment, now)
        # Redelivered, or after the hold has begun anew, its end is on the schedule already.
        if order.held_until <= now:
            order.extend_hold(now + self.hold)
            self._schedule_end_of_hold(order)
        self._context.save(order)

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
        order = self._repository.locked(movement.order_id)
        if order.knows(movement):
            return None
        return order.payments.get(movement.payment_intent_id, "unknown")

    def _fulfil_or_return(
        self, order: Order, seat: Seat, payment: ProviderPayment, now: datetime
    ) -> None:
        if order.settled_by == payment.payment_intent_id:
            return
        cause = self._why_unusable(order, payment)
        if cause is None:
            try:
                self._inventory.sell(seat, now)
            except SoldOut:
                cause = "sold_out"
        if cause is not None:
            self._refunds.return_payment(order, payment.payment_intent_id, cause, now)
            self._expire(order, seat, SeatReason.PAYMENT_RETURNED, now)
            return
        order.fulfil(payment.payment_intent_id, now)
        self._end(order)
        if len(order.payments) == 1:
            self._schedule.cancel(CLOSE_ORDER, str(order.id))

    def _why_unusable(self, order: Order, payment: ProviderPayment) -> str | None:
        if not order.may_be_fulfilled:
            return "second_charge"
        terms = order.quote.terms
        if (payment.amount_minor, payment.currency) != (order.total_minor, terms.currency):
            return "provider"
        until = terms.granted_until(self._clock.now())
        if until is not None and until <= self._clock.now():
            return "too_late"
        eligibility = self._repository.eligibility_of(order)
        if eligibility.banned:
            return "banned"
        return None if eligibility.owned_order_id is None else "second_charge"

    def _expire(self, order: Order, seat: Seat, reason: SeatReason, now: datetime) -> None:
        if order.status == OrderStatus.OPEN:
            order.expire(reason.value, now)
            self._inventory.release(seat, reason, now)
            self._end(order)

    def _schedule_end_of_hold(self, order: Order) -> None:
        key = str(order.id)
        self._schedule.at(CLOSE_ORDER, key, order.held_until, _about(order.id))
        # Only when the provider could not be asked in all that time.
        latest = order.held_until + self.hold * CLOSE_AT_LATEST_AFTER
        self._schedule.at(HOLD_EXPIRES, key, latest, _about(order.id))

    def _end(self, order: Order) -> None:
        # CLOSE_ORDER stays: it still has to cancel what an expired order has at the provider.
        for kind in (RECONCILE_ORDER, HOLD_EXPIRES):
            self._schedule.cancel(kind, str(order.id))
        self._reads.forget_secrets(order.id)


def _about(order_id: UUID) -> dict[str, str]:
    return {"order_id": str(order_id)}
