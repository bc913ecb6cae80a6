"""Use cases of the checkout service: load, decide, save."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application

from services.checkout.domain import (
    DailyBalance,
    Difference,
    Listed,
    Order,
    OrderNotFound,
    OrderStatus,
    Payment,
    PaymentState,
    PaymentStatus,
    ProviderRefund,
    Seat,
    SeatReason,
    SeatState,
    SoldOut,
    Standing,
    refuse_unless_on_sale,
)
from services.checkout.stock import StockDoor

HOLD: Final = timedelta(minutes=10)
RECONCILE_AFTER: Final = timedelta(minutes=2)
LOOK_AGAIN_AFTER: Final = timedelta(minutes=5)
CLOSE_AT_LATEST_AFTER: Final = 0.2
"""Of the hold's length: so much later a seat is free although the provider could not be asked."""
WAIT_FORGIVEN: Final = 0.05
"""So much of the hold may pass until there is a payment; who waits longer gets all of it anew."""

RECONCILE_ORDER: Final = "reconcile_order"
CLOSE_ORDER: Final = "close_order"
HOLD_EXPIRES: Final = "hold_expires"
RETURN_PAYMENT: Final = "return_payment"
REFUND: Final = "refund"


class Clock(Protocol):
    """Knows what time it is."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class Schedule(Protocol):
    """Work that is due at a time, kept until it is done."""

    def at(self, kind: str, key: str, due_at: datetime, payload: Mapping[str, Any]) -> None:
        """Do it at that time; the same kind and key moves it."""
        ...

    def cancel(self, kind: str, key: str) -> None:
        """Don't do it any more."""
        ...


class Books(Protocol):
    """What is known of passes and people when somebody wants to buy, and the locks of deciding."""

    def lock_buyer(self, person_id: UUID, pass_id: UUID) -> None:
        """Let nobody else decide on this person and this pass until the unit of work ends."""

    def lock_order(self, order_id: UUID) -> None:
        """Let nobody else decide on this order until the unit of work ends."""

    def standing(self, pass_id: UUID, person_id: UUID, at: datetime) -> Standing:
        """How the person stands to the pass. Raises PassNotFound."""
        ...

    def keep_secret(self, payment: Payment) -> None:
        """Keep what lets the buyer's browser pay, until the order is settled."""

    def forget_secrets(self, order_id: UUID) -> None:
        """Nothing can be paid for the order any more."""


class Checkout(Application[UUID]):
    """Everything that can be asked of the checkout service."""

    snapshotting_intervals = {Order: 50}  # noqa: RUF012

    def __init__(
        self,
        env: Mapping[str, str] | None = None,
        *,
        clock: Clock,
        schedule: Schedule,
        books: Books,
        stock: StockDoor,
        hold: timedelta = HOLD,
    ) -> None:
        super().__init__(env)
        self.hold = hold
        self._clock = clock
        self._schedule = schedule
        self._books = books
        self._stock = stock

    def open_order(self, command_id: UUID, person_id: UUID, pass_id: UUID) -> str:
        """Hold a seat and intend to ask for the payment; nothing due means bought at once.

        Who has an open order gets that one again. Returns the order's id. Raises PassNotFound and
        the refusals of `refuse_unless_on_sale`, SoldOut last.
        """
        now = self._clock.now()
        self._books.lock_buyer(person_id, pass_id)
        standing = self._books.standing(pass_id, person_id, now)
        refuse_unless_on_sale(standing, now)
        if standing.open_order_id is not None:
            return str(standing.open_order_id)
        order = Order(
            command_id=command_id,
            person_id=person_id,
            offer=standing.offer.to_state(),
            total_minor=standing.offer.terms.total_minor,
            opened_at=now,
            held_until=now + self.hold,
        )
        if order.total_minor == 0:
            order.fulfil(None, now)
            self.save(order, self._stock.take(order.id, pass_id, now))
            return str(order.id)
        # Before anything is written: who is refused in a batch shares its transaction with others.
        seat = self._stock.hold(order.id, pass_id, now)
        order.request_payment(now)
        self._schedule_end_of_hold(order)
        self.save(order, seat)
        return str(order.id)

    def request_payment(self, order_id: UUID) -> None:
        """Intend to ask for a payment again when the last one is over. Raises OrderNotOpen."""
        order = self._locked(order_id)
        order.request_payment(self._clock.now())
        self.save(order)

    def attach_payment(self, order_id: UUID, payment: Payment) -> None:
        """The provider has made the payment: remember its id, and look after it in two minutes.

        Who stood in line for their first payment has ten minutes from now on."""
        order = self._locked(order_id)
        now = self._clock.now()
        waited = not order.payments and now > order.held_until - self.hold * (1 - WAIT_FORGIVEN)
        order.attach_payment(payment, now)
        if order.status == OrderStatus.OPEN:
            if waited:
                order.restart_hold(now + self.hold)
                self._schedule_end_of_hold(order)
            self._books.keep_secret(payment)
            due = now + RECONCILE_AFTER
            self._schedule.at(RECONCILE_ORDER, str(order_id), due, _about(order_id))
        else:
            self._schedule.at(CLOSE_ORDER, str(order_id), now, _about(order_id))
        self.save(order)

    def give_up_payment(self, order_id: UUID, attempt: int, code: str) -> None:
        """The provider refuses to make such a payment: nothing can be paid, let go of the seat."""
        order = self._locked(order_id)
        now = self._clock.now()
        order.give_up_attempt(attempt, code, now)
        seat = self._seat_of(order)
        if order.attempt_over:
            self._let_go(order, seat, SeatReason.PAYMENT_IMPOSSIBLE, now)
        self.save(order, seat)

    def renew_payment(self, order_id: UUID, attempt: int) -> None:
        """The provider keeps answering the same fault for this attempt: begin another one."""
        order = self._locked(order_id)
        now = self._clock.now()
        if order.status == OrderStatus.OPEN:
            order.give_up_attempt(attempt, "provider_error", now)
            order.request_payment(now)
        self.save(order)

    def settle(self, order_id: UUID, payment: Payment) -> None:
        """Bring an order to where its payment is at the provider. The one way in for all who hear
        of it: webhook, return page, reconciler, end of the hold; told twice, it happens once.

        A captured payment ends as the pass, or on its way back. Raises OrderNotFound.
        """
        order = self._locked(order_id)
        now = self._clock.now()
        order.learn(payment, now)
        seat = self._seat_of(order)
        if order.payments[payment.payment_intent_id] == PaymentState.SUCCEEDED:
            self._use_or_return(order, seat, payment, now)
        self._compare_refunds(order, seat, payment, now)
        self.save(order, seat)

    def look_again(self, order_id: UUID, *, undecided: bool) -> None:
        """Somebody looked how the payments stand: while the order is open, or one of those that
        can be seen is `undecided`, look in five minutes."""
        order = self._locked(order_id)
        if order.status == OrderStatus.OPEN or undecided:
            due = self._clock.now() + LOOK_AGAIN_AFTER
            self._schedule.at(RECONCILE_ORDER, str(order_id), due, _about(order_id))

    def reconcile(self, listed: Listed, payment: Payment) -> bool:
        """A list of the provider says what we may not know: settle it, and keep how we differed.

        False when somebody told us meanwhile. Raises OrderNotFound.
        """
        order = self._locked(listed.order_id)
        if order.knows(listed):
            return False
        difference = Difference(
            order_id=order.id,
            payment_intent_id=listed.payment_intent_id,
            movement_id=listed.movement_id,
            theirs=listed.says.value,
            ours=order.payments.get(listed.payment_intent_id, "unknown"),
            found_at=self._clock.now(),
        )
        self.settle(order.id, payment)
        if difference.id not in self.repository:
            self.save(difference)
        return True

    def balance_day(
        self, day: str, sums: Mapping[str, Mapping[str, int]], differing: Sequence[str]
    ) -> None:
        """The money of a day (ISO 8601) was compared with the provider's: keep what came of it."""
        balance: DailyBalance
        try:
            balance = self.repository.get(DailyBalance.create_id(day))
        except AggregateNotFoundError:
            balance = DailyBalance(day=day)
        balance.compare(sums, differing, self._clock.now())
        self.save(balance)

    def _use_or_return(self, order: Order, seat: Seat, payment: Payment, now: datetime) -> None:
        if order.settled_by == payment.payment_intent_id:
            return
        cause = self._why_unusable(order, payment)
        if cause is None:
            try:
                self._stock.sell(seat, now)
            except SoldOut:
                cause = "sold_out"
        if cause is not None:
            self._return(order, payment, cause, now)
            self._let_go(order, seat, SeatReason.PAYMENT_RETURNED, now)
            return
        order.fulfil(payment.payment_intent_id, now)
        self._end(order)
        if len(order.payments) == 1:
            self._schedule.cancel(CLOSE_ORDER, str(order.id))

    def _why_unusable(self, order: Order, payment: Payment) -> str | None:
        if not order.may_be_fulfilled:
            return "second_charge"
        terms = order.offer.terms
        if (payment.amount_minor, payment.currency) != (order.total_minor, terms.currency):
            return "provider"
        # If it came late, the person may have bought the pass by another order meanwhile.
        self._books.lock_buyer(order.person_id, order.offer.pass_id)
        standing = self._books.standing(order.offer.pass_id, order.person_id, self._clock.now())
        return None if standing.owned_order_id is None else "second_charge"

    def _return(self, order: Order, payment: Payment, cause: str, now: datetime) -> None:
        order.request_return(payment.payment_intent_id, cause, now)
        self._schedule.at(
            RETURN_PAYMENT,
            payment.payment_intent_id,
            now,
            {
                "order_id": str(order.id),
                "payment_intent_id": payment.payment_intent_id,
                "cause": cause,
            },
        )

    def _compare_refunds(self, order: Order, seat: Seat, payment: Payment, now: datetime) -> None:
        """What went back at the provider went back, whoever asked for it."""
        if payment.payment_intent_id == order.settled_by:
            for refund in payment.refunds:
                self._record_refund(order, seat, refund, now)
        elif sum(r.amount_minor for r in payment.refunds) >= payment.amount_minor:
            for refund in payment.refunds[-1:]:
                order.record_return(payment.payment_intent_id, refund.refund_id, now)

    def _record_refund(
        self, order: Order, seat: Seat, refund: ProviderRefund, now: datetime
    ) -> None:
        order.record_refund(refund, now)
        if order.status == OrderStatus.REFUNDED and seat.state == SeatState.SOLD:
            self._stock.release(seat, SeatReason.REFUNDED, now)

    def extend_hold(self, order_id: UUID, payment: Payment) -> None:
        """The end of the hold found the buyer or their bank in the middle of paying: ten minutes
        more, once; for as long as it takes while the bank is at it."""
        order = self._locked(order_id)
        if order.status != OrderStatus.OPEN:
            return
        now = self._clock.now()
        order.attach_payment(payment, now)
        # Told twice, or after the hold has begun anew: its end is on the schedule.
        if order.held_until <= now:
            order.extend_hold(now + self.hold)
            self._schedule_end_of_hold(order)
        self.save(order)

    def close_order(self, order_id: UUID, payment: Payment | None = None) -> None:
        """The hold is over: settle what the provider told last, and if the order is still open
        let go of its seat."""
        if payment is not None:
            self.settle(order_id, payment)
        order = self._locked(order_id)
        seat = self._seat_of(order)
        now = self._clock.now()
        if order.held_until <= now:
            self._let_go(order, seat, SeatReason.HOLD_EXPIRED, now)
        self.save(order, seat)

    def _let_go(self, order: Order, seat: Seat, reason: SeatReason, now: datetime) -> None:
        if order.status == OrderStatus.OPEN:
            order.expire(reason.value, now)
            self._stock.release(seat, reason, now)
            self._end(order)

    def request_refund(
        self, request_id: UUID, order_id: UUID, amount_minor: int | None, cause: str
    ) -> str:
        """Have that much (None: all that is left) sent back. Returns the id of the request.

        Raises OrderNotFound, NothingToRefund, RefundExceedsPayment.
        """
        order = self._locked(order_id)
        now = self._clock.now()
        order.request_refund(request_id, amount_minor, cause, now)
        asked = order.refund_requests[str(request_id)]
        self._schedule.at(
            REFUND,
            str(request_id),
            now,
            {
                "order_id": str(order_id),
                "request_id": str(request_id),
                "payment_intent_id": order.settled_by,
                "amount_minor": asked["amount_minor"],
            },
        )
        self.save(order)
        return str(request_id)

    def record_refund(self, order_id: UUID, refund: ProviderRefund) -> None:
        """The provider sent money of a purchase back."""
        order = self._locked(order_id)
        seat = self._seat_of(order)
        self._record_refund(order, seat, refund, self._clock.now())
        self.save(order, seat)

    def refuse_refund(self, order_id: UUID, request_id: UUID, code: str) -> None:
        """The provider will not send it back."""
        order = self._locked(order_id)
        order.refuse_refund(request_id, code, self._clock.now())
        self.save(order)

    def record_return(self, order_id: UUID, payment_intent_id: str, refund_id: str) -> None:
        """The provider sent a payment back that bought nothing."""
        order = self._locked(order_id)
        order.record_return(payment_intent_id, refund_id, self._clock.now())
        self.save(order)

    def set_capacity(self, pass_id: UUID, version_number: int, capacity: int | None) -> None:
        """A version of a pass says how many seats there are (None: no limit)."""
        self._stock.set_capacity(pass_id, version_number, capacity)

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
        self._books.forget_secrets(order.id)

    def _locked(self, order_id: UUID) -> Order:
        self._books.lock_order(order_id)
        try:
            order: Order = self.repository.get(order_id)
        except AggregateNotFoundError:
            raise OrderNotFound(order_id) from None
        return order

    def _seat_of(self, order: Order) -> Seat:
        seat: Seat = self.repository.get(Seat.create_id(order.id))
        return seat


def _about(order_id: UUID) -> dict[str, str]:
    return {"order_id": str(order_id)}


__all__ = ["Checkout", "PaymentStatus"]
