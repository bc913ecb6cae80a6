"""Use cases of reconciliation: record what the comparison with the provider found."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError

from services.checkout.context import Context
from services.checkout.payments.provider.protocol import ProviderMovement, ProviderPayment
from services.checkout.reconciliation.daily_balance import DailyBalance
from services.checkout.reconciliation.discrepancy import Discrepancy
from services.checkout.reconciliation.orphaned_payment import OrphanedPayment


class Charges(Protocol):
    """What reconciliation needs of the owners of payments."""

    def find_discrepancy(self, movement: ProviderMovement) -> str | None:
        """Our state of the payment if it contradicts the provider's list; None when it agrees.

        Raises OrderNotFound.
        """
        ...

    def apply_provider_state(self, order_id: UUID, payment: ProviderPayment) -> None:
        """Bring the payment to where it is at the provider. Raises OrderNotFound."""
        ...


class Reconciliation:
    """Keeps discrepancies, orphaned payments and daily balances."""

    def __init__(self, context: Context, charges: Charges) -> None:
        self._context = context
        self._charges = charges

    def reconcile(self, movement: ProviderMovement, payment: ProviderPayment) -> bool:
        """Apply a listed movement, and record how our log differed.

        False if it is known by now. Raises OrderNotFound.
        """
        ours = self._charges.find_discrepancy(movement)
        if ours is None:
            return False
        discrepancy = Discrepancy(
            order_id=movement.order_id,
            payment_intent_id=movement.payment_intent_id,
            movement_id=movement.movement_id,
            theirs=movement.kind.value,
            ours=ours,
            found_at=self._context.clock.now(),
        )
        self._charges.apply_provider_state(movement.order_id, payment)
        if discrepancy.id not in self._context.repository:
            self._context.save(discrepancy)
        return True

    def record_orphaned_payment(self, order_id: UUID, payment: ProviderPayment) -> bool:
        """Record a captured payment whose order our log lacks, and its full return.

        True if newly recorded; False if known or the order exists.
        """
        self._context.locks.lock_order(order_id)
        if order_id in self._context.repository:
            return False
        now = self._context.clock.now()
        orphan: OrphanedPayment
        try:
            orphan = self._context.repository.get(
                OrphanedPayment.create_id(payment.payment_intent_id)
            )
        except AggregateNotFoundError:
            orphan = OrphanedPayment(
                payment_intent_id=payment.payment_intent_id,
                order_id=order_id,
                amount_minor=payment.amount_minor,
                currency=payment.currency,
                found_at=now,
            )
        found = bool(orphan.pending_events)
        if sum(refund.amount_minor for refund in payment.refunds) >= payment.amount_minor:
            orphan.record_return(payment.refunds[-1].refund_id, now)
        self._context.save(orphan)
        return found

    def balance_day(
        self, day: str, sums: Mapping[str, Mapping[str, int]], differing: Sequence[str]
    ) -> None:
        """Record the comparison of a day (ISO 8601)."""
        balance: DailyBalance
        try:
            balance = self._context.repository.get(DailyBalance.create_id(day))
        except AggregateNotFoundError:
            balance = DailyBalance(day=day)
        balance.compare(sums, differing, self._context.clock.now())
        self._context.save(balance)
