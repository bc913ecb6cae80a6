"""What the streaming service does when other services announce something."""

from collections.abc import Mapping
from typing import Final

from libs.events.access import GrantExpired, GrantIssued, GrantRevoked
from libs.events.catalog import (
    ExperienceAdded,
    SpaceCreated,
    TeamMemberAdded,
    TeamMemberRemoved,
)
from libs.events.contract import Contract
from libs.events.envelope import Envelope
from libs.runtime.consumer import Reaction, only_views
from services.streaming.application import Streaming


def on_grant_revoked(revoked: GrantRevoked, about: Envelope, streaming: Streaming) -> None:
    """Who may not enter any more is put out of the room, if it is on air."""
    streaming.look_into_room(revoked.experience_id, about.id)


def on_grant_expired(expired: GrantExpired, about: Envelope, streaming: Streaming) -> None:
    """So is everyone whose window has closed."""
    streaming.look_into_room(expired.experience_id, about.id)


HEARS: Final[Mapping[type[Contract], Reaction]] = {
    GrantIssued: only_views,
    GrantRevoked: on_grant_revoked,
    GrantExpired: on_grant_expired,
    ExperienceAdded: only_views,
    SpaceCreated: only_views,
    TeamMemberAdded: only_views,
    # Who left the team is found in the room by the next sweep.
    TeamMemberRemoved: only_views,
}
