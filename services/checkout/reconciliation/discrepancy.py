"""Differences between the provider's lists and our log."""

from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override


class Discrepancy(Aggregate):
    """One movement of money that we had missed; recorded once, corrected where found."""

    TOPIC = "checkout.discrepancy"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "checkout.discrepancy.created"

    class Found(Aggregate.Created):
        """The provider says `theirs` of a payment that we had as `ours`."""

        TOPIC = "checkout.discrepancy.found"

        order_id: UUID
        payment_intent_id: str
        movement_id: str
        theirs: str
        ours: str
        found_at: datetime

    @event(Found)
    def __init__(
        self,
        order_id: UUID,
        payment_intent_id: str,
        movement_id: str,
        theirs: str,
        ours: str,
        found_at: datetime,
    ) -> None:
        self.order_id = order_id
        self.payment_intent_id = payment_intent_id

    @staticmethod
    @override
    def create_id(movement_id: str, theirs: str) -> UUID:
        """The same movement is found once, whichever run finds it."""
        return uuid5(NAMESPACE_URL, f"/differences/{movement_id}/{theirs}")
