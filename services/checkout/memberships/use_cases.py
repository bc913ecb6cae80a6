"""Use cases of memberships: load, decide, save."""

from datetime import datetime
from typing import Final
from uuid import UUID

from services.checkout.context import Context
from services.checkout.memberships.membership import Membership
from services.checkout.memberships.refunds import Refunds
from services.checkout.memberships.repository import MembershipRepository

MEMBERSHIP_EXPIRES: Final = "membership_expires"


class Memberships:
    """Starts memberships, and ends them when they expire, are refunded, or are taken away."""

    def __init__(
        self, context: Context, repository: MembershipRepository, refunds: Refunds
    ) -> None:
        self.refunds = refunds
        self._context = context
        self._repository = repository

    def of_order(self, order_id: UUID) -> Membership | None:
        """The membership that an order started; its order is locked."""
        return self._repository.of_order(order_id)

    def start(self, membership: Membership) -> Membership:
        """Schedule its end. The caller saves it with the order."""
        if membership.access_until is not None:
            self._schedule_end(membership, membership.access_until)
        return membership

    def expire(self, membership_id: UUID) -> None:
        """End a membership whose window has closed; reschedule if the clock was moved back."""
        membership = self._repository.locked(membership_id)
        if membership is None or membership.access_until is None:
            return
        now = self._context.clock.now()
        if membership.has_expired(now):
            membership.expire(now)
            self._context.save(membership)
        else:
            self._schedule_end(membership, membership.access_until)

    def remove_experience(self, membership_id: UUID, experience_id: UUID) -> None:
        """Record that the team revoked one of its grants. Ignores the grants of comps."""
        membership = self._repository.locked(membership_id)
        if membership is not None:
            membership.remove(experience_id, self._context.clock.now())
            self._context.save(membership)

    def _schedule_end(self, membership: Membership, at: datetime) -> None:
        key = str(membership.id)
        self._context.schedule.at(MEMBERSHIP_EXPIRES, key, at, {"membership_id": key})
