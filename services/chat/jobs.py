"""Calls to the chat provider that a stored event asked for."""

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
    SETTLE_SEAT,
    ChannelMissing,
    Chat,
    ChatProvider,
    PersonUnknown,
)
from services.chat.domain import Role
from services.chat.queries import Seat

_MAY_BE_MISSING: Final = 2
"""The person and the channel."""

NameOf = Callable[[UUID], str | None]
"""The name that a person chose to be seen by; None when they chose none."""


class Jobs:
    """What the service does at the provider; each may be done again without harm."""

    def __init__(self, store: Store[Chat], provider: ChatProvider, name_of: NameOf) -> None:
        self._store = store
        self._provider = provider
        self._name_of = name_of

    def by_kind(self) -> Mapping[str, Job]:
        """The jobs by the kind under which they are scheduled."""
        return {
            PREPARE: self.prepare,
            OPEN_CHANNEL: self.open_channel,
            SETTLE_SEAT: self.settle_seat,
            INTRODUCE: self.introduce,
        }

    def prepare(self, payload: Mapping[str, Any]) -> None:
        """Bring the channel type to the shape that this version wants."""
        self._provider.prepare()

    def open_channel(self, payload: Mapping[str, Any]) -> Callable[[], None]:
        """Make the channel of an experience."""
        experience_id = UUID(payload["experience_id"])
        self._provider.open_channel(experience_id, payload["name"])
        return partial(self._store.application.confirm_channel, experience_id)

    def introduce(self, payload: Mapping[str, Any]) -> None:
        """Let the provider know a person by id, and by the name they chose; nothing else."""
        person_id = UUID(payload["person_id"])
        self._provider.introduce(person_id, self._name_of(person_id))

    def settle_seat(self, payload: Mapping[str, Any]) -> Callable[[], None]:
        """Bring a person in or out, as is wanted now, whatever was wanted when this was asked."""
        membership_id = UUID(payload["membership_id"])
        seat = self._store.query(lambda curs: queries.get_seat(curs, membership_id))
        if seat.wish is None:
            self._provider.unseat(seat.experience_id, seat.person_id)
        else:
            role = Role(seat.wish)
            if seat.seated_as in (None, seat.wish):
                self._seat(seat, role)
            if _may_sit_as_something_else(seat):
                self._provider.change_role(seat.experience_id, seat.person_id, role)
        return partial(self._store.application.confirm_seat, membership_id, seat.request)

    def _seat(self, seat: Seat, role: Role) -> None:
        """One call in the usual case; what turns out to be missing is made on the way."""
        for make_up_for in range(_MAY_BE_MISSING + 1):
            try:
                self._provider.seat(seat.experience_id, seat.person_id, role)
            except PersonUnknown:
                if make_up_for == _MAY_BE_MISSING:
                    raise
                self._provider.introduce(seat.person_id, self._name_of(seat.person_id))
            except ChannelMissing:
                name = self._channel_name(seat.experience_id)
                if name is None or make_up_for == _MAY_BE_MISSING:
                    raise
                self._provider.open_channel(seat.experience_id, name)
            else:
                return

    def _channel_name(self, experience_id: UUID) -> str | None:
        return self._store.query(lambda curs: queries.find_channel_name(curs, experience_id))


def _may_sit_as_something_else(seat: Seat) -> bool:
    """Confirmed in another role, or seated by an earlier request whose answer never came."""
    if seat.seated_as is None:
        return seat.request > 1
    return seat.seated_as != seat.wish
