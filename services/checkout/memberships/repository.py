"""Memberships as the use cases load them, each under the lock of its order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError

from services.checkout.context import Context
from services.checkout.memberships.membership import Membership
from services.checkout.stock.seat import Seat


class MembershipReads(Protocol):
    """Which memberships there are."""

    def live_membership(self, person_id: UUID, pass_id: UUID, at: datetime) -> UUID | None:
        """The person's live membership of the pass."""
        ...

    def bought_during_a_ban(
        self, space_id: UUID, person_id: UUID, since: datetime
    ) -> Sequence[UUID]:
        """Orders that were paid after a ban that still applies."""
        ...


class MembershipRepository:
    """The stored memberships and the seats that were sold for them."""

    def __init__(self, context: Context, reads: MembershipReads) -> None:
        self._context = context
        self.reads = reads

    def of_order(self, order_id: UUID) -> Membership | None:
        """The membership that an order started; its order is locked."""
        self._context.locks.lock_order(order_id)
        return self._find(Membership.create_id(order_id))

    def locked(self, membership_id: UUID) -> Membership | None:
        """The membership of that id; its order is locked."""
        found = self._find(membership_id)
        return None if found is None else self.of_order(found.order_id)

    def seat_of(self, membership: Membership) -> Seat:
        """The seat that the purchase took."""
        seat: Seat = self._context.repository.get(Seat.create_id(membership.order_id))
        return seat

    def is_owned_otherwise(self, membership: Membership, at: datetime) -> bool:
        """Whether the person has another live membership of the pass; the buyer is locked."""
        person_id, pass_id = membership.person_id, membership.pass_id
        self._context.locks.lock_buyer(person_id, pass_id)
        return self.reads.live_membership(person_id, pass_id, at) is not None

    def _find(self, membership_id: UUID) -> Membership | None:
        try:
            membership: Membership = self._context.repository.get(membership_id)
        except AggregateNotFoundError:
            return None
        return membership
