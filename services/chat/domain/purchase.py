"""What an order opened."""

from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override


class Purchase(Aggregate):
    """Which channels an order opened, so that its refund closes them; both may come first."""

    TOPIC = "chat.purchase"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "chat.purchase.created"

    class Opened(Aggregate.Created):
        """The order was heard of for the first time."""

        TOPIC = "chat.purchase.opened"

        order_id: UUID

    class Noted(Aggregate.Event):
        """A person bought these experiences with it."""

        TOPIC = "chat.purchase.noted"

        person_id: UUID
        experience_ids: list[UUID]

    class Refunded(Aggregate.Event):
        """All of its money went back."""

        TOPIC = "chat.purchase.refunded"

    @event(Opened)
    def __init__(self, order_id: UUID) -> None:
        self.order_id = order_id
        self.person_id: UUID | None = None
        self.experience_ids: list[UUID] = []
        self.refunded = False

    @staticmethod
    @override
    def create_id(order_id: UUID) -> UUID:
        """One note per order."""
        return uuid5(NAMESPACE_URL, f"/chat/purchases/{order_id}")

    def note(self, person_id: UUID, experience_ids: list[UUID]) -> None:
        """Remember what was bought; told again, nothing happens."""
        if self.person_id is None:
            self._noted(person_id=person_id, experience_ids=experience_ids)

    @event(Noted)
    def _noted(self, person_id: UUID, experience_ids: list[UUID]) -> None:
        self.person_id = person_id
        self.experience_ids = experience_ids

    def refund(self) -> None:
        """Remember that it bought nothing in the end; told again, nothing happens."""
        if not self.refunded:
            self._refunded()

    @event(Refunded)
    def _refunded(self) -> None:
        self.refunded = True
