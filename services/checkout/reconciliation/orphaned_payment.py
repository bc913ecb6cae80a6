"""Captured money for an order that our log lacks."""

from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override


class OrphanedPayment(Aggregate):
    """A payment of ours whose order was lost: an older copy of the log was restored.

    It buys nothing any more; an operator decides when it is returned.
    """

    TOPIC = "checkout.orphaned_payment"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "checkout.orphaned_payment.created"

    class Found(Aggregate.Created):
        """The provider's lists have it, with our metadata, for an order that we lack."""

        TOPIC = "checkout.orphaned_payment.found"

        payment_intent_id: str
        order_id: UUID
        amount_minor: int
        currency: str
        found_at: datetime

    class Returned(Aggregate.Event):
        """All of it was refunded; `refund_id` is its last refund."""

        TOPIC = "checkout.orphaned_payment.returned"

        payment_intent_id: str
        refund_id: str
        returned_at: datetime

    @event(Found)
    def __init__(
        self,
        payment_intent_id: str,
        order_id: UUID,
        amount_minor: int,
        currency: str,
        found_at: datetime,
    ) -> None:
        self.payment_intent_id = payment_intent_id
        self.order_id = order_id
        self.is_back = False

    @staticmethod
    @override
    def create_id(payment_intent_id: str) -> UUID:
        """The same payment is found once, whichever run finds it."""
        return uuid5(NAMESPACE_URL, f"/orphaned-payments/{payment_intent_id}")

    def record_return(self, refund_id: str, at: datetime) -> None:
        """Record its full return. Does nothing when that is known."""
        if not self.is_back:
            self.trigger_event(
                OrphanedPayment.Returned,
                payment_intent_id=self.payment_intent_id,
                refund_id=refund_id,
                returned_at=at,
            )

    @event(Returned)
    def _returned(self) -> None:
        self.is_back = True
