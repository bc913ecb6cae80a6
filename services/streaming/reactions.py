"""The streaming service's reactions to events of other services."""

from collections.abc import Mapping
from typing import Final

from libs.events.access import (
    GrantExpired,
    GrantRevoked,
    PersonBanned,
)
from libs.events.catalog import (
    TeamMemberAdded,
    TeamMemberRemoved,
)
from libs.events.contract import Contract
from libs.events.envelope import Envelope
from libs.runtime.messaging.handling import Reaction
from services.streaming.application import Streaming


def on_grant_revoked(revoked: GrantRevoked, about: Envelope, streaming: Streaming) -> None:
    """Remove a person without a grant from the live room."""
    streaming.look_into_room(revoked.experience_id, about.id)


def on_grant_expired(expired: GrantExpired, about: Envelope, streaming: Streaming) -> None:
    """Remove a person whose time window has closed."""
    streaming.look_into_room(expired.experience_id, about.id)


def on_person_banned(banned: PersonBanned, about: Envelope, streaming: Streaming) -> None:
    """Remove a banned person from all live rooms of the space."""
    streaming.look_into_rooms(banned.space_id, about.id)


def on_team_member_added(added: TeamMemberAdded, about: Envelope, streaming: Streaming) -> None:
    """Check the rooms: another role may not allow hosting, or not even entering."""
    streaming.look_into_rooms(added.space_id, about.id)


def on_team_member_removed(
    removed: TeamMemberRemoved, about: Envelope, streaming: Streaming
) -> None:
    """Check the rooms: a former team member needs a grant, and a viewer's token."""
    streaming.look_into_rooms(removed.space_id, about.id)


SUBSCRIPTIONS: Final[Mapping[type[Contract], Reaction]] = {
    GrantRevoked: on_grant_revoked,
    GrantExpired: on_grant_expired,
    PersonBanned: on_person_banned,
    TeamMemberAdded: on_team_member_added,
    TeamMemberRemoved: on_team_member_removed,
}
