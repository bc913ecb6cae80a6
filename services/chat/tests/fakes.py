"""Stand-ins for what the chat service needs of others."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from libs.runtime.http import person_token
from libs.runtime.scheduling.clock import SystemClock
from services.chat.application import SpaceLocks
from services.chat.domain import Role
from services.chat.provider import ChannelMissing, ChatProvider, PersonUnknown

PERSON_SECRET = "a secret for person tokens, of 32 signs"


def signed(person_id: UUID) -> dict[str, str]:
    """The headers that an edge sends for a person."""
    token = person_token.sign(PERSON_SECRET, person_id, "session", SystemClock().now())
    return {"Authorization": f"Bearer {token}"}


class ReadableTokens:
    """Issues tokens that a test can read."""

    api_key = "key"
    base_url = "https://chat.example"
    channel_type = "experience"

    def token(self, person_id: UUID, now: datetime, expires_at: datetime) -> str:
        return f"{person_id} from {now.isoformat()} until {expires_at.isoformat()}"


class NoLocks(SpaceLocks):
    """In memory there is one thread."""

    def lock(self, space_id: UUID) -> None:
        """There is nobody to wait for."""


@dataclass
class Room(ChatProvider):
    """A provider in memory."""

    channels: dict[UUID, str] = field(default_factory=dict)
    names: dict[UUID, str | None] = field(default_factory=dict)
    members: dict[tuple[UUID, UUID], Role] = field(default_factory=dict)
    prepared: int = 0

    def prepare(self) -> None:
        self.prepared += 1

    def open_channel(self, experience_id: UUID, name: str) -> None:
        self.channels[experience_id] = name

    def add_member(self, experience_id: UUID, person_id: UUID, role: Role) -> None:
        if experience_id not in self.channels:
            raise ChannelMissing(experience_id)
        if person_id not in self.names:
            raise PersonUnknown(person_id)
        self.members.setdefault((experience_id, person_id), role)

    def change_role(self, experience_id: UUID, person_id: UUID, role: Role) -> None:
        self.members[experience_id, person_id] = role

    def remove_member(self, experience_id: UUID, person_id: UUID) -> None:
        self.members.pop((experience_id, person_id), None)

    def list_members(self, experience_id: UUID) -> dict[UUID, Role]:
        return {who: role for (where, who), role in self.members.items() if where == experience_id}

    def introduce(self, person_id: UUID, display_name: str | None) -> None:
        self.names[person_id] = display_name
