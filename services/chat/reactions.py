"""What the chat service does when other services announce something."""

from collections.abc import Mapping
from typing import Final

from libs.events.access import (
    BY_TEAM,
    LOST,
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
from libs.events.checkout import (
    MAY_ENTER,
    MembershipChanged,
    MembershipEnded,
    PassPurchased,
)
from libs.events.contract import Contract
from libs.events.envelope import Envelope
from libs.events.identity import PersonRegistered
from libs.permissions import Permission, may
from libs.runtime.messaging.handling import Reaction
from services.chat.application import Chat
from services.chat.domain import ClosedFor, Role, SourceState


def on_pass_purchased(purchased: PassPurchased, about: Envelope, chat: Chat) -> None:
    """The buyer joins every channel of the pass; access confirms it a moment later."""
    chat.update_source(
        purchased.membership_id,
        purchased.person_id,
        purchased.experience_ids,
        SourceState(about.entity_version, 0, None, purchased.access_from, purchased.access_until),
    )


def on_membership_changed(changed: MembershipChanged, about: Envelope, chat: Chat) -> None:
    """The person is in the channels as state and window say."""
    chat.update_source(
        changed.membership_id,
        changed.person_id,
        changed.experience_ids,
        SourceState(
            about.entity_version,
            0,
            None if changed.state in MAY_ENTER else ClosedFor.ENDED,
            changed.access_from,
            changed.access_until,
        ),
    )


def on_membership_ended(ended: MembershipEnded, about: Envelope, chat: Chat) -> None:
    """The person leaves the channels, unless something else lets them in."""
    chat.update_source(
        ended.membership_id,
        ended.person_id,
        ended.experience_ids,
        SourceState(about.entity_version, 0, ClosedFor.ENDED),
    )


def on_grant_issued(issued: GrantIssued, about: Envelope, chat: Chat) -> None:
    """The person may enter the experience and joins its channel."""
    chat.update_source(
        issued.source_id,
        issued.person_id,
        [issued.experience_id],
        SourceState(
            issued.source_version,
            about.entity_version,
            None,
            issued.valid_from,
            issued.valid_until,
        ),
    )


def on_grant_revoked(revoked: GrantRevoked, about: Envelope, chat: Chat) -> None:
    """The person leaves the channel; for good if the team revoked the grant."""
    if revoked.cause in BY_TEAM:
        _close(revoked, about, chat, ClosedFor.REMOVED)
    else:
        _close(revoked, about, chat, ClosedFor.LOST if revoked.cause == LOST else ClosedFor.ENDED)


def on_grant_expired(expired: GrantExpired, about: Envelope, chat: Chat) -> None:
    """The person leaves the channel."""
    _close(expired, about, chat, ClosedFor.ENDED)


def _close(
    closed: GrantRevoked | GrantExpired, about: Envelope, chat: Chat, cause: ClosedFor
) -> None:
    chat.update_source(
        closed.source_id,
        closed.person_id,
        [closed.experience_id],
        SourceState(closed.source_version, about.entity_version, cause),
    )


def on_person_banned(banned: PersonBanned, about: Envelope, chat: Chat) -> None:
    """The person leaves every channel of the space, whatever they have or buy."""
    chat.ban_person(banned.space_id, banned.person_id, about.entity_version)


def on_ban_lifted(lifted: BanLifted, about: Envelope, chat: Chat) -> None:
    """The person joins again where they may."""
    chat.lift_ban(lifted.space_id, lifted.person_id, about.entity_version)


def on_experience_added(added: ExperienceAdded, _: Envelope, chat: Chat) -> None:
    """Every experience has a channel, live ones as well."""
    chat.add_experience(added.experience_id, added.space_id, added.name)


def on_space_created(created: SpaceCreated, about: Envelope, chat: Chat) -> None:
    """The owner moderates."""
    chat.change_team_role(created.space_id, created.owner_id, Role.MODERATOR, about.entity_version)


def on_team_member_added(added: TeamMemberAdded, about: Envelope, chat: Chat) -> None:
    """The person moderates the channels or is in them, as their role allows."""
    role = Role.MEMBER if may(added.role, Permission.ENTER_ROOMS) else None
    if may(added.role, Permission.MODERATE_CHAT):
        role = Role.MODERATOR
    chat.change_team_role(added.space_id, added.person_id, role, about.entity_version)


def on_team_member_removed(removed: TeamMemberRemoved, about: Envelope, chat: Chat) -> None:
    """Who left the team stays only where a source lets them in."""
    chat.change_team_role(removed.space_id, removed.person_id, None, about.entity_version)


def on_person_registered(registered: PersonRegistered, _: Envelope, chat: Chat) -> None:
    """The provider knows a person before their purchase, which then needs one call."""
    chat.introduce(registered.person_id)


SUBSCRIPTIONS: Final[Mapping[type[Contract], Reaction]] = {
    PassPurchased: on_pass_purchased,
    MembershipChanged: on_membership_changed,
    MembershipEnded: on_membership_ended,
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
