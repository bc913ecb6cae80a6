"""Stripe as the checkout sees it, with a ledger of its own and every kind of fault.

Calls may be lost before they are executed, be executed with the answer lost, or end in a fault that
the idempotency key then repeats for a day. Webhooks arrive late, twice, in any order, or never.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, Final, TypeVar
from uuid import UUID

from libs.runtime.scheduling.clock import FixedClock
from services.checkout.payments.provider.protocol import (
    Listing,
    MovementKind,
    Page,
    PaymentRequest,
    PaymentStatus,
    ProviderMovement,
    ProviderPayment,
    ProviderRefund,
    ProviderSilent,
    RefundImpossible,
    RefundRequest,
    WebhookEvent,
)
from tests.simulation.fault_injector import FaultInjector

R = TypeVar("R")

KEYS_KEPT_FOR: Final = timedelta(hours=24)
_PAGE: Final = 3
_PAYABLE: Final = {PaymentStatus.AWAITING, PaymentStatus.CHALLENGED}


@dataclass(frozen=True)
class _Kept:
    """The stored answer of a key."""

    answer: Any
    until: datetime


@dataclass
class Bank:
    """Payments and refunds; `meanwhile` continues the story during a call.

    `faults_to_keep` orders faults for the next new keys: True, although the call is executed;
    False, and it is not.
    """

    injector: FaultInjector
    clock: FixedClock
    meanwhile: Callable[[], None]
    payments: dict[str, ProviderPayment] = field(default_factory=dict)
    webhooks: list[WebhookEvent] = field(default_factory=list)
    captured: dict[str, int] = field(default_factory=dict)
    faults_to_keep: list[bool] = field(default_factory=list)
    made_at: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._keys: dict[str, _Kept] = {}
        self._numbers = count(1)

    # Calls of the checkout

    def create(self, asked: PaymentRequest) -> ProviderPayment:
        """As PaymentProvider.create."""
        return self._under_key(asked.idempotency_key, lambda: self._create(asked))

    def get(self, payment_intent_id: str) -> ProviderPayment:
        """As PaymentProvider.get; the state before the answer was sent."""
        return self._unreliably(lambda: self.payments[payment_intent_id])

    def find(self, order_id: UUID, attempt: int) -> ProviderPayment | None:
        """As PaymentProvider.find."""
        return self._unreliably(
            lambda: next(
                (
                    p
                    for p in self.payments.values()
                    if (p.order_id, p.attempt) == (order_id, attempt)
                ),
                None,
            )
        )

    def cancel(self, payment_intent_id: str) -> ProviderPayment:
        """As PaymentProvider.cancel."""

        def cancel() -> ProviderPayment:
            payment = self.payments[payment_intent_id]
            if payment.status in _PAYABLE:
                self._change(payment, "payment_intent.canceled", status=PaymentStatus.CANCELLED)
            elif payment.status is PaymentStatus.PROCESSING:
                raise ProviderSilent("payment_intent_unexpected_state")
            return self.payments[payment_intent_id]

        return self._unreliably(cancel)

    def refund(self, asked: RefundRequest) -> ProviderRefund:
        """As PaymentProvider.refund."""
        return self._under_key(
            asked.idempotency_key,
            lambda: self._refund(asked.payment_intent_id, asked.amount_minor, asked.request_id),
        )

    def list_page(
        self, listing: Listing, since: datetime, until: datetime, after: str | None = None
    ) -> Page:
        """As PaymentProvider.list_page."""

        def turn() -> Page:
            timely = [
                (id_, movement)
                for id_, movement in self._objects(listing)
                if since <= self.made_at[id_] < until
            ]
            timely.sort(key=lambda each: (self.made_at[each[0]], _number_of(each[0])), reverse=True)
            begin = 0 if after is None else [id_ for id_, _ in timely].index(after) + 1
            page = timely[begin : begin + _PAGE]
            listed = tuple(movement for _, movement in page if movement is not None)
            return Page(listed, page[-1][0] if len(timely) > begin + _PAGE else None)

        return self._unreliably(turn)

    # Actions of buyers, their banks and the account's owner

    def pay(self, payment: ProviderPayment, how: str) -> None:
        """Use a card: it pays, is declined, is challenged, or the bank takes its time."""
        payment = self.payments[payment.payment_intent_id]
        if payment.status not in _PAYABLE:
            return
        if how == "declines":
            charge = f"ch_{next(self._numbers)}"
            self._change(
                payment,
                "payment_intent.payment_failed",
                status=PaymentStatus.AWAITING,
                failure=charge,
                failure_code="card_declined",
            )
        elif how == "challenges":
            self._change(payment, "payment_intent.requires_action", status=PaymentStatus.CHALLENGED)
        elif how == "processes":
            self._change(payment, "payment_intent.processing", status=PaymentStatus.PROCESSING)
        else:
            self._capture(payment)

    def decide(self, payment: ProviderPayment, *, paid: bool) -> None:
        """The bank decides."""
        payment = self.payments[payment.payment_intent_id]
        if payment.status is not PaymentStatus.PROCESSING:
            return
        if paid:
            self._capture(payment)
        else:
            self._change(
                payment,
                "payment_intent.payment_failed",
                status=PaymentStatus.AWAITING,
                failure=f"ch_{next(self._numbers)}",
                failure_code="bank_refused",
            )

    def refund_by_hand(self, payment: ProviderPayment, amount_minor: int | None) -> None:
        """Refund from the dashboard."""
        self._refund(payment.payment_intent_id, amount_minor, None)

    def give_back(self, payment: ProviderPayment) -> None:
        """The customer's bank rejects the last refund, perhaps weeks later."""
        payment = self.payments[payment.payment_intent_id]
        *others, last = payment.refunds
        failed = replace(last, failure="expired_or_canceled_card")
        self._change(
            payment,
            "refund.failed",
            refunds=tuple(others),
            failed_refunds=(*payment.failed_refunds, failed),
        )

    def left_of(self, payment_intent_id: str) -> int:
        """Return what was captured and not refunded."""
        payment = self.payments[payment_intent_id]
        taken = self.captured.get(payment_intent_id, 0)
        return taken - sum(refund.amount_minor for refund in payment.refunds)

    def of_status(self, *statuses: PaymentStatus) -> list[ProviderPayment]:
        """Return the payments in that state."""
        return [p for p in self.payments.values() if p.status in statuses]

    # Internals

    def _objects(self, listing: Listing) -> list[tuple[str, ProviderMovement | None]]:
        """Return all webhooks of a kind: their names and contents."""
        objects: list[tuple[str, ProviderMovement | None]] = []
        for intent, payment in self.payments.items():
            match listing:
                case Listing.PAYMENTS:
                    objects.append((intent, self._said_by_intent(payment)))
                case Listing.CHARGES:
                    for charge in [payment.charge_id] if payment.charge_id else []:
                        captured = self._listed(
                            charge, MovementKind.CAPTURED, payment, intent, charge
                        )
                        objects.append((charge, captured))
                case Listing.REFUNDS:
                    for refund in (*payment.refunds, *payment.failed_refunds):
                        id_, amount = refund.refund_id, refund.amount_minor
                        kind = (
                            MovementKind.RETURNED
                            if refund.failure is None
                            else MovementKind.REFUND_FAILED
                        )
                        listed = self._listed(id_, kind, payment, id_, id_)
                        objects.append((id_, replace(listed, amount_minor=amount)))
        return objects

    def _said_by_intent(self, payment: ProviderPayment) -> ProviderMovement | None:
        intent = payment.payment_intent_id
        if payment.status is PaymentStatus.SUCCEEDED and payment.charge_id is not None:
            return self._listed(intent, MovementKind.CAPTURED, payment, intent, payment.charge_id)
        if payment.status is PaymentStatus.CANCELLED:
            return self._listed(intent, MovementKind.CANCELLED, payment, intent, intent)
        return None

    def _listed(
        self,
        object_id: str,
        kind: MovementKind,
        payment: ProviderPayment,
        movement_id: str,
        dated_by: str,
    ) -> ProviderMovement:
        assert payment.order_id is not None
        return ProviderMovement(
            object_id,
            kind,
            payment.payment_intent_id,
            movement_id,
            payment.order_id,
            payment.amount_minor,
            payment.currency,
            self.made_at[dated_by],
        )

    def _create(self, asked: PaymentRequest) -> ProviderPayment:
        number = next(self._numbers)
        payment = ProviderPayment(
            payment_intent_id=f"pi_{number}",
            status=PaymentStatus.AWAITING,
            amount_minor=asked.amount_minor,
            currency=asked.currency,
            order_id=asked.order_id,
            attempt=asked.attempt,
            client_secret=f"pi_{number}_secret",
        )
        self.payments[payment.payment_intent_id] = payment
        self.made_at[payment.payment_intent_id] = self.clock.now()
        self._announce("payment_intent.created", payment)
        return payment

    def _capture(self, payment: ProviderPayment) -> None:
        self.captured[payment.payment_intent_id] = payment.amount_minor
        charge = f"ch_{next(self._numbers)}"
        self.made_at[charge] = self.clock.now()
        self._change(
            payment, "payment_intent.succeeded", status=PaymentStatus.SUCCEEDED, charge_id=charge
        )

    def _refund(
        self, payment_intent_id: str, amount_minor: int | None, request_id: UUID | None
    ) -> ProviderRefund:
        left = self.left_of(payment_intent_id)
        if left == 0:
            raise RefundImpossible("charge_already_refunded")
        amount = left if amount_minor is None else amount_minor
        if amount > left:
            raise RefundImpossible("amount_too_large")
        refund = ProviderRefund(f"re_{next(self._numbers)}", amount, request_id)
        self.made_at[refund.refund_id] = self.clock.now()
        payment = self.payments[payment_intent_id]
        self._change(payment, "charge.refunded", refunds=(*payment.refunds, refund))
        return refund

    def _change(self, payment: ProviderPayment, event: str, **changes: Any) -> None:
        changed = replace(payment, **changes)
        self.payments[payment.payment_intent_id] = changed
        self._announce(event, changed)

    def _announce(self, type_: str, payment: ProviderPayment) -> None:
        event = WebhookEvent(
            f"evt_{next(self._numbers)}", type_, payment.payment_intent_id, f'{{"type": "{type_}"}}'
        )
        if not self.injector.mishap(0.15):
            self.webhooks.append(event)

    def _under_key(self, key: str, make: Callable[[], R]) -> R:
        kept = self._keys.get(key)
        if kept is not None and self.clock.now() < kept.until:
            answer: Callable[[], R] = partial(_repeat, kept.answer)
            return self._unreliably(answer)
        until = self.clock.now() + KEYS_KEPT_FOR
        if self.faults_to_keep or self.injector.mishap(self.injector.fault_rate):
            if self.faults_to_keep.pop(0) if self.faults_to_keep else self.injector.chance(0.5):
                make()
            self._keys[key] = _Kept(ProviderSilent("api_error", replayed=True), until)
            raise ProviderSilent("api_error")

        def make_and_keep() -> R:
            made = make()
            self._keys[key] = _Kept(made, until)
            return made

        return self._unreliably(make_and_keep)

    def _unreliably(self, act: Callable[[], R]) -> R:
        self.meanwhile()
        if self.injector.mishap(self.injector.silence_rate):
            raise ProviderSilent("no answer, not done")
        self.injector.may_crash("checkout", "before it asked the bank")
        answer = act()
        self.meanwhile()
        self.injector.may_crash("checkout", "before the bank's answer was heard")
        if self.injector.mishap(self.injector.silence_rate):
            raise ProviderSilent("no answer, but done")
        return answer


def _number_of(id_: str) -> int:
    return int(id_.rsplit("_", 1)[1])


def _repeat(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer
