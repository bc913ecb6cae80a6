"""Orders as the use cases load them, each under its lock."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError

from services.checkout.context import Context
from services.checkout.orders.eligibility import Eligibility
from services.checkout.orders.order import Order
from services.checkout.payments.charge import OrderNotFound
from services.checkout.payments.provider import ProviderPayment
from services.checkout.stock.seat import Seat


class CheckoutReads(Protocol):
    """What is known of passes and people when somebody wants to buy, and the locks of deciding."""

    def lock_buyer(self, person_id: UUID, pass_id: UUID) -> None:
        """Let nobody else decide on this person and this pass until the unit of work ends."""

    def lock_order(self, order_id: UUID) -> None:
        """Let nobody else decide on this order until the unit of work ends."""

    def eligibility(self, pass_id: UUID, person_id: UUID, at: datetime) -> Eligibility:
        """Whether the person may buy the pass. Raises PassNotFound."""
        ...

    def bought_during_a_ban(
        self, space_id: UUID, person_id: UUID, since: datetime
    ) -> Sequence[UUID]:
        """Orders that were paid after a ban fell which still stands."""
        ...

    def keep_secret(self, payment: ProviderPayment) -> None:
        """Keep what lets the buyer's browser pay, until the order is settled."""

    def forget_secrets(self, order_id: UUID) -> None:
        """Nothing can be paid for the order any more."""


class OrderRepository:
    """The stored orders and their seats."""

    def __init__(self, context: Context, reads: CheckoutReads) -> None:
        self._context = context
        self.reads = reads

    def locked(self, order_id: UUID) -> Order:
        """The order, locked until the unit of work ends. Raises OrderNotFound."""
        self.reads.lock_order(order_id)
        try:
            order: Order = self._context.repository.get(order_id)
        except AggregateNotFoundError:
            raise OrderNotFound(order_id) from None
        return order

    def seat_of(self, order: Order) -> Seat:
        """The seat that the order holds, has sold, or has released."""
        seat: Seat = self._context.repository.get(Seat.create_id(order.id))
        return seat

    def owns_another(self, order: Order) -> bool:
        """Whether the person has bought the pass by another order meanwhile."""
        return self.eligibility_of(order).owned_order_id is not None

    def eligibility_of(self, order: Order) -> Eligibility:
        """Whether its buyer may still have the pass, decided by nobody else meanwhile."""
        self.reads.lock_buyer(order.person_id, order.quote.pass_id)
        now = self._context.clock.now()
        return self.reads.eligibility(order.quote.pass_id, order.person_id, now)
