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
    ProviderRefund,
    Seat,
    SeatReason,
    SoldOut,
    Standing,
    StrayPayment,
    refuse_unless_on_sale,
)
from services.checkout.money_back import MoneyBack
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
        self._back = MoneyBack(schedule, stock, self._owns_another)

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
        self._back.compare(order, seat, payment, now)
        self.save(order, seat)

    def close_again(self, order_id: UUID) -> None:
        """A payment could neither be cancelled nor is it captured: see to it in five minutes."""
        due = self._clock.now() + LOOK_AGAIN_AFTER
        self._schedule.at(CLOSE_ORDER, str(order_id), due, _about(order_id))

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

    def keep_stray(self, order_id: UUID, payment: Payment) -> bool:
        """A captured payment of ours names an order that our log does not hold: keep that, and
        when all of it is back. Whether it was found now; not when the order is there after all."""
        self._books.lock_order(order_id)
        if order_id in self.repository:
            return False
        now = self._clock.now()
        stray: StrayPayment
        try:
            stray = self.repository.get(StrayPayment.create_id(payment.payment_intent_id))
        except AggregateNotFoundError:
            stray = StrayPayment(
                payment_intent_id=payment.payment_intent_id,
                order_id=order_id,
                amount_minor=payment.amount_minor,
                currency=payment.currency,
                found_at=now,
            )
        found = bool(stray.pending_events)
        if sum(refund.amount_minor for refund in payment.refunds) >= payment.amount_minor:
            stray.record_return(payment.refunds[-1].refund_id, now)
        self.save(stray)
        return found

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
            self._back.send_back(order, payment.payment_intent_id, cause, now)
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
        until = terms.granted_until(self._clock.now())
        if until is not None and until <= self._clock.now():
            return "too_late"
        standing = self._standing_of(order)
        if standing.banned:
            return "banned"
        return None if standing.owned_order_id is None else "second_charge"

    def _owns_another(self, order: Order) -> bool:
        """Whether the person has bought the pass by another order meanwhile."""
        return self._standing_of(order).owned_order_id is not None

    def _standing_of(self, order: Order) -> Standing:
        self._books.lock_buyer(order.person_id, order.offer.pass_id)
        return self._books.standing(order.offer.pass_id, order.person_id, self._clock.now())

    def return_again(self, order_id: UUID, payment_intent_id: str, key: str, tries: int) -> None:
        """The return under that key did not come about: try once more, unless it is over."""
        order = self._locked(order_id)
        self._back.send_back_again(order, payment_intent_id, key, tries, self._clock.now())

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

    def close_order(self, order_id: UUID) -> None:
        """The hold is over: if the order is still open let go of its seat."""
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
        self._back.refund(order, request_id, amount_minor, cause, self._clock.now())
        self.save(order)
        return str(request_id)

    def refund_again(self, order_id: UUID, request_id: UUID, tries: int) -> None:
        """So many tries did not bring about what was asked for, and the provider has no refund of
        it: try once more, unless the request is over."""
        self._back.refund_again(self._locked(order_id), request_id, tries, self._clock.now())

    def record_refund(self, order_id: UUID, refund: ProviderRefund) -> None:
        """The provider sent money of a purchase back, or tells at once that it failed."""
        order = self._locked(order_id)
        seat = self._seat_of(order)
        self._back.record_refund(order, seat, refund, self._clock.now())
        self.save(order, seat)

    def refuse_refund(self, order_id: UUID, request_id: UUID, code: str, tries: int) -> None:
        """The provider will not send it back, after so many tries."""
        order = self._locked(order_id)
        self._back.refuse_refund(order, request_id, code, tries, self._clock.now())
        self.save(order)

    def record_return(self, order_id: UUID, payment_intent_id: str, refund: ProviderRefund) -> None:
        """The provider sent a payment back that bought nothing, or tells at once that it failed."""
        order = self._locked(order_id)
        self._back.record_return(order, payment_intent_id, refund, self._clock.now())
        self.save(order)

    def set_capacity(self, pass_id: UUID, version_number: int, capacity: int | None) -> None:
        """A version of a pass says how many seats there are (None: no limit)."""
        now = self._clock.now()
        self.save(self._stock.set_capacity(pass_id, version_number, capacity, now))

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
