"""What the streaming service does when other services announce something."""

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
    """Who may not enter any more is put out of the room, if it is on air."""
    streaming.look_into_room(revoked.experience_id, about.id)


def on_grant_expired(expired: GrantExpired, about: Envelope, streaming: Streaming) -> None:
    """So is everyone whose window has closed."""
    streaming.look_into_room(expired.experience_id, about.id)


def on_person_banned(banned: PersonBanned, about: Envelope, streaming: Streaming) -> None:
    """Whom a space keeps out is put out of all its rooms that are on air."""
    streaming.look_into_rooms(banned.space_id, about.id)


def on_team_member_added(added: TeamMemberAdded, about: Envelope, streaming: Streaming) -> None:
    """Another role may host no longer, or may not be in the rooms at all."""
    streaming.look_into_rooms(added.space_id, about.id)


def on_team_member_removed(
    removed: TeamMemberRemoved, about: Envelope, streaming: Streaming
) -> None:
    """Who left the team hosts no longer, and stays only to watch, by a token for that."""
    streaming.look_into_rooms(removed.space_id, about.id)


SUBSCRIPTIONS: Final[Mapping[type[Contract], Reaction]] = {
    GrantRevoked: on_grant_revoked,
    GrantExpired: on_grant_expired,
    PersonBanned: on_person_banned,
    TeamMemberAdded: on_team_member_added,
    TeamMemberRemoved: on_team_member_removed,
}
