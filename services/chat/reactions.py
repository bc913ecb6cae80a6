"""What the chat service does when other services announce something."""

from collections.abc import Mapping
from typing import Final

from libs.events.access import (
    BanLifted,
    GrantExpired,
    GrantIssued,
    GrantRevoked,
    PersonBanned,
)
from libs.events.catalog import (
    ExperienceAdded,
    SpaceCreated,
    TeamMemberAdded,
    TeamMemberRemoved,
)
from libs.events.checkout import PassPurchased, PurchaseRefunded
from libs.events.contract import Contract
from libs.events.envelope import Envelope
from libs.events.identity import PersonRegistered
from libs.permissions import Permission, may
from libs.runtime.messaging.consumer import Reaction
from services.chat.application import Chat
from services.chat.domain import Role


def on_pass_purchased(purchased: PassPurchased, _: Envelope, chat: Chat) -> None:
    """A buyer gets a seat in every channel of the pass."""
    chat.note_purchase(
        purchased.order_id,
        purchased.person_id,
        list(purchased.experience_ids),
        purchased.access_from,
    )


def on_purchase_refunded(refunded: PurchaseRefunded, _: Envelope, chat: Chat) -> None:
    """A purchase of which nothing is left gives no seat; a partial refund changes nothing."""
    if refunded.full:
        chat.refund_purchase(refunded.order_id)


def on_grant_issued(issued: GrantIssued, _: Envelope, chat: Chat) -> None:
    """Whoever may enter an experience sits in its channel; a purchase is known already."""
    chat.add_source(issued.source_id, issued.person_id, issued.experience_id, issued.valid_from)


def on_grant_revoked(revoked: GrantRevoked, _: Envelope, chat: Chat) -> None:
    """A reason that stands no longer keeps no seat."""
    chat.remove_source(revoked.source_id, revoked.person_id, revoked.experience_id)


def on_grant_expired(expired: GrantExpired, _: Envelope, chat: Chat) -> None:
    """A window that has closed keeps no seat."""
    chat.remove_source(expired.source_id, expired.person_id, expired.experience_id)


def on_person_banned(banned: PersonBanned, about: Envelope, chat: Chat) -> None:
    """Whom a space keeps out sits in none of its channels, whatever they have or buy."""
    chat.ban_person(banned.space_id, banned.person_id, about.entity_version)


def on_ban_lifted(lifted: BanLifted, about: Envelope, chat: Chat) -> None:
    """Whoever may enter again sits again."""
    chat.lift_ban(lifted.space_id, lifted.person_id, about.entity_version)


def on_experience_added(added: ExperienceAdded, _: Envelope, chat: Chat) -> None:
    """Every experience has a channel, live ones as well."""
    chat.add_experience(added.experience_id, added.space_id, added.name)


def on_space_created(created: SpaceCreated, about: Envelope, chat: Chat) -> None:
    """The owner moderates."""
    chat.add_team_member(created.space_id, created.owner_id, about.id, Role.MODERATOR)


def on_team_member_added(added: TeamMemberAdded, about: Envelope, chat: Chat) -> None:
    """A role that moderates does so here, one that enters the rooms has a member's seat."""
    if not may(added.role, Permission.ENTER_ROOMS):
        chat.remove_team_member(added.space_id, added.person_id)
        return
    role = Role.MODERATOR if may(added.role, Permission.MODERATE_CHAT) else Role.MEMBER
    chat.add_team_member(added.space_id, added.person_id, about.id, role)


def on_team_member_removed(removed: TeamMemberRemoved, _: Envelope, chat: Chat) -> None:
    """Who left the team moderates no longer, and stays only for another reason."""
    chat.remove_team_member(removed.space_id, removed.person_id)


def on_person_registered(registered: PersonRegistered, _: Envelope, chat: Chat) -> None:
    """The provider learns of a person early, so that a purchase needs one call alone."""
    chat.introduce(registered.person_id)


SUBSCRIPTIONS: Final[Mapping[type[Contract], Reaction]] = {
    PassPurchased: on_pass_purchased,
    PurchaseRefunded: on_purchase_refunded,
    GrantIssued: on_grant_issued,
    GrantRevoked: on_grant_revoked,
    GrantExpired: on_grant_expired,
    PersonBanned: on_person_banned,
    BanLifted: on_ban_lifted,
    ExperienceAdded: on_experience_added,
    SpaceCreated: on_space_created,
    TeamMemberAdded: on_team_member_added,
    TeamMemberRemoved: on_team_member_removed,
    PersonRegistered: on_person_registered,
}
