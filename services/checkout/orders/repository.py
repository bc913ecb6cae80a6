"""Orders as the use cases load them, each under its lock."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError

from services.checkout.context import Context
from services.checkout.orders.order import Order
from services.checkout.orders.sale.eligibility import Eligibility
from services.checkout.payments.charge import OrderNotFound
from services.checkout.payments.provider.protocol import ProviderPayment
from services.checkout.stock.seat import Seat


class CheckoutReads(Protocol):
    """What a purchase reads, and the client secrets of payments."""

    def eligibility(self, pass_id: UUID, person_id: UUID, at: datetime) -> Eligibility:
        """Whether the person may buy the pass. Raises PassNotFound."""
        ...

    def keep_secret(self, payment: ProviderPayment) -> None:
        """Keep the client secret until the order is settled."""

    def forget_secrets(self, order_id: UUID) -> None:
        """Delete the order's client secrets."""


class OrderRepository:
    """The stored orders and their seats."""

    def __init__(self, context: Context, reads: CheckoutReads) -> None:
        self._context = context
        self.reads = reads

    def locked(self, order_id: UUID) -> Order:
        """The order, locked until the unit of work ends. Raises OrderNotFound."""
        self._context.locks.lock_order(order_id)
        try:
            order: Order = self._context.repository.get(order_id)
        except AggregateNotFoundError:
            raise OrderNotFound(order_id) from None
        return order

    def seat_of(self, order: Order) -> Seat:
        """The seat that the order holds, has sold, or has released."""
        seat: Seat = self._context.repository.get(Seat.create_id(order.id))
        return seat

    def eligibility_of(self, order: Order) -> Eligibility:
        """Whether its buyer may buy the pass now; the buyer is locked."""
        self._context.locks.lock_buyer(order.person_id, order.quote.pass_id)
        now = self._context.clock.now()
        return self.reads.eligibility(order.quote.pass_id, order.person_id, now)
