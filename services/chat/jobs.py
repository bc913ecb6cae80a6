"""What the chat service does at its provider."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

from libs.runtime.scheduling.schedule import Job
from libs.runtime.store.store import Store
from services.chat import queries
from services.chat.application import (
    INTRODUCE,
    OPEN_CHANNEL,
    PREPARE,
    SETTLE_MEMBER,
    SWEEP,
    SWEEP_CHANNEL,
    Chat,
)
from services.chat.domain import Role
from services.chat.provider import ChannelMissing, ChatProvider, PersonUnknown
from services.chat.queries import Member

logger = logging.getLogger(__name__)

_MAY_BE_MISSING: Final = 2
"""The person and the channel."""

NameOf = Callable[[UUID], str | None]
"""The display name that a person chose, if any."""


class Jobs:
    """The jobs; each may be done again without harm."""

    def __init__(self, store: Store[Chat], provider: ChatProvider, name_of: NameOf) -> None:
        self._store = store
        self._provider = provider
        self._name_of = name_of

    def by_kind(self) -> Mapping[str, Job]:
        """Each job by its kind on the schedule."""
        return {
            PREPARE: self.prepare,
            OPEN_CHANNEL: self.open_channel,
            SETTLE_MEMBER: self.settle_member,
            INTRODUCE: self.introduce,
            SWEEP: self.sweep,
            SWEEP_CHANNEL: self.sweep_channel,
        }

    def prepare(self, payload: Mapping[str, Any]) -> None:
        """Give the channel type the settings of this version."""
        self._provider.prepare()

    def open_channel(self, payload: Mapping[str, Any]) -> Callable[[], None]:
        """Make the channel of an experience."""
        experience_id = UUID(payload["experience_id"])
        self._provider.open_channel(experience_id, payload["name"])
        return partial(self._store.application.confirm_channel, experience_id)

    def introduce(self, payload: Mapping[str, Any]) -> None:
        """Make a person known to the provider by id and display name, and nothing else."""
        person_id = UUID(payload["person_id"])
        self._provider.introduce(person_id, self._name_of(person_id))

    def sweep(self, payload: Mapping[str, Any]) -> Callable[[], None]:
        """Have every channel compared, each by a job of its own: a failing one delays no other."""
        open_channels = self._store.query(queries.list_open_channels)
        return partial(self._store.application.sweep_channels, open_channels)

    def sweep_channel(self, payload: Mapping[str, Any]) -> None:
        """Put right where the provider differs from what it has confirmed.

        Members with a pending request are left to it. The provider is read first: whoever joins
        after that may be added once more, which does no harm.
        """
        experience_id = UUID(payload["experience_id"])
        present = self._provider.list_members(experience_id)
        members = {
            member.person_id: member
            for member in self._store.query(lambda curs: queries.list_members(curs, experience_id))
        }
        for person_id in present.keys() - members.keys():
            self._remove(experience_id, person_id)
        for person_id, member in members.items():
            if member.wanted_role == member.confirmed_role:
                self._put_right(member, present.get(person_id))

    def _put_right(self, member: Member, present: Role | None) -> None:
        if member.wanted_role is None:
            if present is not None:
                self._remove(member.experience_id, member.person_id)
            return
        role = Role(member.wanted_role)
        if present is None:
            logger.warning("%s is missing from channel %s: added again", member.person_id,
                           member.experience_id)  # fmt: skip
            self._add(member, role)
        elif present is not role:
            logger.warning("%s is %s in channel %s: changed to %s", member.person_id, present,
                           member.experience_id, role)  # fmt: skip
            self._provider.change_role(member.experience_id, member.person_id, role)

    def _remove(self, experience_id: UUID, person_id: UUID) -> None:
        logger.warning("%s is in channel %s without access: removed", person_id, experience_id)
        self._provider.remove_member(experience_id, person_id)

    def settle_member(self, payload: Mapping[str, Any]) -> Callable[[], None]:
        """Add or remove a person, as is wanted now."""
        member_id = UUID(payload["member_id"])
        member = self._store.query(lambda curs: queries.get_member(curs, member_id))
        if member.wanted_role is None:
            self._provider.remove_member(member.experience_id, member.person_id)
        else:
            role = Role(member.wanted_role)
            if member.confirmed_role in (None, member.wanted_role):
                self._add(member, role)
            if _may_have_another_role(member):
                self._provider.change_role(member.experience_id, member.person_id, role)
        return partial(self._store.application.confirm_member, member_id, member.request)

    def _add(self, member: Member, role: Role) -> None:
        """Add a person by one call; make the person or the channel first if one is missing."""
        for made in range(_MAY_BE_MISSING + 1):
            try:
                self._provider.add_member(member.experience_id, member.person_id, role)
            except PersonUnknown:
                if made == _MAY_BE_MISSING:
                    raise
                self._provider.introduce(member.person_id, self._name_of(member.person_id))
            except ChannelMissing:
                name = self._channel_name(member.experience_id)
                if name is None or made == _MAY_BE_MISSING:
                    raise
                self._provider.open_channel(member.experience_id, name)
            else:
                return

    def _channel_name(self, experience_id: UUID) -> str | None:
        return self._store.query(lambda curs: queries.find_channel_name(curs, experience_id))


def _may_have_another_role(member: Member) -> bool:
    """An earlier request may have added the person, even if its outcome was never confirmed."""
    if member.confirmed_role is None:
        return member.request > 1
    return member.confirmed_role != member.wanted_role
