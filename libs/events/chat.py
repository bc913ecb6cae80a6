"""Public events of the chat service."""

from typing import ClassVar
from uuid import UUID

from libs.events.contract import Contract


class ChannelMemberAdded(Contract):
    """The chat provider confirmed that the person is a member of the experience's channel."""

    type: ClassVar[str] = "chat.channel_member_added.v1"
    person_id: UUID
    experience_id: UUID


class ChannelMemberRemoved(Contract):
    """The chat provider confirmed that the person is no longer a member of the channel."""

    type: ClassVar[str] = "chat.channel_member_removed.v1"
    person_id: UUID
    experience_id: UUID
