"""What one person has of one pass: started by a purchase, ended, and perhaps restored.

Others order what they hear of a membership by its version: the latest holds.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override

from services.checkout.memberships.states import LIVE, EndCause, MembershipState


class Membership(Aggregate):
    """One ownership of a pass under frozen terms, from `access_from` until `access_until`."""

    TOPIC = "checkout.membership"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "checkout.membership.created"

    class Started(Aggregate.Created):
        """This payment settled the purchase (None: nothing was due)."""

        TOPIC = "checkout.membership.started"

        order_id: UUID
        person_id: UUID
        quote: dict[str, Any]
        total_minor: int
        payment_intent_id: str | None
        access_from: datetime
        access_until: datetime | None

    class ExperienceRemoved(Aggregate.Event):
        """The team revoked the access to one of its experiences, for good."""

        TOPIC = "checkout.membership.experience_removed"

        person_id: UUID
        space_id: UUID
        pass_id: UUID
        experience_ids: list[UUID]
        experience_id: UUID
        removed_at: datetime

    class Ended(Aggregate.Event):
        """It opens nothing any more."""

        TOPIC = "checkout.membership.ended"

        person_id: UUID
        space_id: UUID
        pass_id: UUID
        experience_ids: list[UUID]
        cause: str
        ended_at: datetime

    class Restored(Aggregate.Event):
        """The refund that had ended it failed at the bank: it is active again."""

        TOPIC = "checkout.membership.restored"

        person_id: UUID
        space_id: UUID
        pass_id: UUID
        experience_ids: list[UUID]
        access_from: datetime
        access_until: datetime | None
        restored_at: datetime

    @event(Started)
    def __init__(  # noqa: PLR0913, PLR0917 - all of it is the one fact of a sale
        self,
        order_id: UUID,
        person_id: UUID,
        quote: dict[str, Any],
        total_minor: int,
        payment_intent_id: str | None,
        access_from: datetime,
        access_until: datetime | None,
    ) -> None:
        self.order_id = order_id
        self.person_id = person_id
        self.space_id: UUID = quote["space_id"]
        self.pass_id: UUID = quote["pass_id"]
        self.experience_ids: Sequence[UUID] = quote["experience_ids"]
        self.payment_intent_id = payment_intent_id
        self.access_from = access_from
        self.access_until = access_until
        self.state = MembershipState.ACTIVE.value
        self.removed: list[UUID] = []
        self.ended_by_refund_alone = False

    @staticmethod
    @override
    def create_id(order_id: UUID) -> UUID:
        """A purchase starts one membership, however often it is settled."""
        return uuid5(NAMESPACE_URL, f"/memberships/{order_id}")

    @property
    def is_live(self) -> bool:
        """Whether it opens its experiences until `access_until`."""
        return self.state in LIVE

    @property
    def is_refunded(self) -> bool:
        """Whether it was refunded in full."""
        return self.state == MembershipState.REFUNDED

    @property
    def is_emptied(self) -> bool:
        """Whether the team has left nothing of it."""
        return bool(self.removed) and set(self.removed) >= set(self.experience_ids)

    def has_expired(self, at: datetime) -> bool:
        """Whether its window has closed by then."""
        return self.access_until is not None and self.access_until <= at

    def may_be_restored(self, at: datetime) -> bool:
        """Whether a full refund is all that keeps its owner out."""
        kept_out = self.has_expired(at) or self.is_emptied
        return self.is_refunded and self.ended_by_refund_alone and not kept_out

    def expire(self, at: datetime) -> None:
        """End it when its window has closed. Does nothing before, or when it has ended."""
        if self.is_live and self.has_expired(at):
            self._end(EndCause.EXPIRED, at)

    def refund(self, at: datetime) -> None:
        """End it after a full refund. Does nothing when that is known."""
        if not self.is_refunded:
            self._end(EndCause.REFUNDED, at)

    def remove(self, experience_id: UUID, at: datetime) -> None:
        """Record that the team revoked one experience; with the last one the membership ends."""
        if experience_id in self.removed or experience_id not in self.experience_ids:
            return
        self._tell(Membership.ExperienceRemoved, experience_id=experience_id, removed_at=at)
        if self.is_live and self.is_emptied:
            self._end(EndCause.REMOVED, at)

    @event(ExperienceRemoved)
    def _experience_removed(self, experience_id: UUID) -> None:
        self.removed.append(experience_id)

    def _end(self, cause: EndCause, at: datetime) -> None:
        self._tell(Membership.Ended, cause=cause.value, ended_at=at)

    @event(Ended)
    def _ended(self, cause: str) -> None:
        refunded = cause == EndCause.REFUNDED
        self.ended_by_refund_alone = refunded and self.state in LIVE
        self.state = (MembershipState.REFUNDED if refunded else MembershipState.ENDED).value

    def restore(self, at: datetime) -> None:
        """Give it back after a refund that failed. Does nothing unless it may be restored."""
        if self.may_be_restored(at):
            window = {"access_from": self.access_from, "access_until": self.access_until}
            self._tell(Membership.Restored, **window, restored_at=at)

    @event(Restored)
    def _restored(self) -> None:
        self.state = MembershipState.ACTIVE.value

    def _tell(self, event_class: Any, **fields: Any) -> None:
        """Add an event with whose membership it is, and of what."""
        self.trigger_event(
            event_class,
            person_id=self.person_id,
            space_id=self.space_id,
            pass_id=self.pass_id,
            experience_ids=list(self.experience_ids),
            **fields,
        )
