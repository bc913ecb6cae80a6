"""The conversation of an experience."""

from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override


class Channel(Aggregate):
    """The conversation of one experience; its id is that of the experience."""

    TOPIC = "chat.channel"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "chat.channel.created"

    class Requested(Aggregate.Created):
        """The provider is asked for the channel."""

        TOPIC = "chat.channel.requested"

        experience_id: UUID
        space_id: UUID
        name: str

    class Opened(Aggregate.Event):
        """The provider confirmed that the channel exists."""

        TOPIC = "chat.channel.opened"

        experience_id: UUID

    @event(Requested)
    def __init__(self, experience_id: UUID, space_id: UUID, name: str) -> None:
        self.experience_id = experience_id
        self.space_id = space_id
        self.name = name
        self.open = False

    @staticmethod
    @override
    def create_id(experience_id: UUID) -> UUID:
        """One channel per experience."""
        return uuid5(NAMESPACE_URL, f"/chat/channels/{experience_id}")

    def confirm_open(self) -> None:
        """Note that the provider has the channel."""
        if not self.open:
            self._opened(experience_id=self.experience_id)

    @event(Opened)
    def _opened(self, experience_id: UUID) -> None:
        self.open = True
