"""What the tests of the chat service are made of."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from libs.events.access import (
    BanLifted,
    GrantExpired,
    GrantIssued,
    GrantReason,
    GrantRevoked,
    PersonBanned,
)
from libs.events.catalog import ExperienceAdded, ExperienceKind, PricingType
from libs.events.checkout import (
    EndCause,
    MembershipChanged,
    MembershipEnded,
    MembershipState,
    PassPurchased,
)
from libs.events.envelope import Envelope
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.scheduling.schedule import MemorySchedule
from services.chat.application import SETTLE_MEMBER, Chat
from services.chat.domain import ChannelMember, SourceState
from services.chat.tests.fakes import NoLocks

NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)


OPEN = SourceState(1, 0, None, NOW, None)
"""What a purchase says of its membership."""


class InMemory:
    """A chat service in memory, and what it asked for."""

    def __init__(self) -> None:
        self.clock = FixedClock(NOW)
        self.schedule = MemorySchedule()
        self.chat = Chat(clock=self.clock, schedule=self.schedule, locks=NoLocks())

    def member(self, person_id: UUID, experience_id: UUID) -> ChannelMember:
        member_id = ChannelMember.create_id(person_id, experience_id)
        found: ChannelMember = self.chat.repository.get(member_id)
        return found

    def wanted(self, person_id: UUID, experience_id: UUID) -> str | None:
        """The role in which the person is wanted in the channel."""
        return self.member(person_id, experience_id).wanted_role

    def requests(self) -> list[str]:
        return [entry.key for entry in self.schedule.entries if entry.kind == SETTLE_MEMBER]

    def confirm(self, person_id: UUID, experience_id: UUID) -> None:
        member = self.member(person_id, experience_id)
        self.chat.confirm_member(member.id, member.request)


def about(entity_id: UUID | None = None, version: int = 1) -> Envelope:
    return Envelope(
        id=uuid4(),
        type="",
        source="",
        entity_id=entity_id or uuid4(),
        entity_version=version,
        occurred_at=NOW,
        recorded_at=NOW,
        position="1.1-1",
        actor="system",
    )


def purchased(**given: Any) -> PassPurchased:
    return PassPurchased(
        **{
            "membership_id": uuid4(),
            "order_id": uuid4(),
            "person_id": uuid4(),
            "space_id": uuid4(),
            "pass_id": uuid4(),
            "pass_version_id": uuid4(),
            "experience_ids": (uuid4(),),
            "pricing_type": PricingType.ONE_TIME,
            "total_minor": 1500,
            "currency": "EUR",
            "currency_exponent": 2,
            "access_from": NOW,
            "access_until": None,
            "space_slug": "club",
            "space_name": "Club",
            "pass_slug": "gold",
            "pass_name": "Gold",
            **given,
        }
    )


def changed(
    purchase: PassPurchased,
    state: MembershipState = MembershipState.ACTIVE,
    **window: datetime | None,
) -> MembershipChanged:
    given = {"access_from": purchase.access_from, "access_until": purchase.access_until}
    return MembershipChanged(**_of(purchase), state=state, **(given | window))


def ended(purchase: PassPurchased, cause: EndCause = EndCause.REFUNDED) -> MembershipEnded:
    return MembershipEnded(**_of(purchase), cause=cause)


def _of(purchase: PassPurchased) -> dict[str, Any]:
    names = ("membership_id", "person_id", "space_id", "pass_id", "experience_ids")
    return {name: getattr(purchase, name) for name in names}


def grant_issued(purchase: PassPurchased, version: int = 1, **given: Any) -> GrantIssued:
    """The grant for the first experience, at that version of the membership."""
    window = {"valid_from": purchase.access_from, "valid_until": purchase.access_until}
    return GrantIssued(**_whose(purchase, version), reason=GrantReason.PURCHASE, **(window | given))


def grant_revoked(purchase: PassPurchased, version: int, cause: str) -> GrantRevoked:
    return GrantRevoked(**_whose(purchase, version), cause=cause)


def grant_expired(purchase: PassPurchased, version: int) -> GrantExpired:
    return GrantExpired(**_whose(purchase, version))


def _whose(purchase: PassPurchased, version: int) -> dict[str, Any]:
    return {
        "grant_id": uuid5(purchase.membership_id, "grant"),
        "source_id": purchase.membership_id,
        "source_version": version,
        "person_id": purchase.person_id,
        "experience_id": purchase.experience_ids[0],
        "space_id": purchase.space_id,
    }


def person_banned(space_id: UUID, person_id: UUID) -> PersonBanned:
    return PersonBanned(space_id=space_id, person_id=person_id, reason_code="spam")


def ban_lifted(space_id: UUID, person_id: UUID) -> BanLifted:
    return BanLifted(space_id=space_id, person_id=person_id)


def experience_added(space_id: UUID, experience_id: UUID | None = None) -> ExperienceAdded:
    return ExperienceAdded(
        experience_id=experience_id or uuid4(),
        space_id=space_id,
        slug="lounge",
        name="Lounge",
        kind=ExperienceKind.CHAT,
    )
