"""What the chat service asks of its provider."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from services.chat.domain import Role


class ChatProvider(Protocol):
    """Holds the channels. Every call may be repeated without harm."""

    def prepare(self) -> None:
        """Make sure that the channel type is ours and as it should be."""
        ...

    def open_channel(self, experience_id: UUID, name: str) -> None:
        """Make sure that the channel exists."""
        ...

    def add_member(self, experience_id: UUID, person_id: UUID, role: Role) -> None:
        """Make sure that the person is in the channel. Raises ChannelMissing, PersonUnknown."""
        ...

    def change_role(self, experience_id: UUID, person_id: UUID, role: Role) -> None:
        """Give a person who is in the channel another role. Raises ChannelMissing."""
        ...

    def remove_member(self, experience_id: UUID, person_id: UUID) -> None:
        """Remove the person and look whether they are out. Raises StillMember."""
        ...

    def list_members(self, experience_id: UUID) -> Mapping[UUID, Role]:
        """Return who is in the channel in which role; nobody if there is no such channel."""
        ...

    def introduce(self, person_id: UUID, display_name: str | None) -> None:
        """Make sure that the provider knows the person, by the name they chose, if any."""
        ...


class ChannelMissing(Exception):
    """The provider has no such channel (yet)."""


class PersonUnknown(Exception):
    """The provider does not know this person (yet)."""


class StillMember(Exception):
    """The provider lists a person whom it was asked to remove."""
