"""What the chat service asks of the place where its channels live."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from services.chat.domain import Role


class ChatProvider(Protocol):
    """The place where the channels live. Every call may be repeated without harm."""

    def prepare(self) -> None:
        """Make sure that the channel type is ours and as it should be."""
        ...

    def open_channel(self, experience_id: UUID, name: str) -> None:
        """Make sure that the channel exists."""
        ...

    def seat(self, experience_id: UUID, person_id: UUID, role: Role) -> None:
        """Make sure that the person sits in the channel. Raises ChannelMissing, PersonUnknown."""
        ...

    def change_role(self, experience_id: UUID, person_id: UUID, role: Role) -> None:
        """Give a person who sits there another role. Raises ChannelMissing."""
        ...

    def unseat(self, experience_id: UUID, person_id: UUID) -> None:
        """Take the person out and see that they are out. Raises StillSeated."""
        ...

    def list_members(self, experience_id: UUID) -> Mapping[UUID, Role]:
        """Who sits in the channel, and as what; nobody when the provider has no such channel."""
        ...

    def introduce(self, person_id: UUID, display_name: str | None) -> None:
        """Make sure that the provider knows the person, by the name they chose if they did."""
        ...


class ChannelMissing(Exception):
    """The provider has no such channel (yet)."""


class PersonUnknown(Exception):
    """The provider was not told of this person (yet)."""


class StillSeated(Exception):
    """The provider still lists the person after it was told to take them out."""
