"""Calls to the chat provider that a stored event asked for."""

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
    SETTLE_SEAT,
    SWEEP,
    SWEEP_CHANNEL,
    Chat,
)
from services.chat.domain import Role
from services.chat.provider import ChannelMissing, ChatProvider, PersonUnknown
from services.chat.queries import Seat

logger = logging.getLogger(__name__)

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
            SWEEP: self.sweep,
            SWEEP_CHANNEL: self.sweep_channel,
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

    def sweep(self, payload: Mapping[str, Any]) -> Callable[[], None]:
        """Have every channel looked into, each for itself: one that fails keeps up no other."""
        open_channels = self._store.query(queries.list_open_channels)
        return partial(self._store.application.sweep_channels, open_channels)

    def sweep_channel(self, payload: Mapping[str, Any]) -> None:
        """Put right where the provider and we differ, for what no request and no event told.

        Seats with a request under way are left to it. The provider is read first: whoever is
        seated after that differs at most for the moment, and seating again does no harm.
        """
        experience_id = UUID(payload["experience_id"])
        there = self._provider.list_members(experience_id)
        seats = {
            seat.person_id: seat
            for seat in self._store.query(lambda curs: queries.list_seats(curs, experience_id))
        }
        for person_id in there.keys() - seats.keys():
            self._put_out(experience_id, person_id)
        for person_id, seat in seats.items():
            if seat.wish == seat.seated_as:
                self._put_right(seat, there.get(person_id))

    def _put_right(self, seat: Seat, present: Role | None) -> None:
        if seat.wish is None:
            if present is not None:
                self._put_out(seat.experience_id, seat.person_id)
            return
        role = Role(seat.wish)
        if present is None:
            logger.warning("%s has lost the seat in %s: seated again", seat.person_id,
                           seat.experience_id)  # fmt: skip
            self._seat(seat, role)
        elif present is not role:
            logger.warning("%s sits in %s as %s: made %s", seat.person_id, seat.experience_id,
                           present, role)  # fmt: skip
            self._provider.change_role(seat.experience_id, seat.person_id, role)

    def _put_out(self, experience_id: UUID, person_id: UUID) -> None:
        logger.warning("%s sits in %s without a reason: taken out", person_id, experience_id)
        self._provider.unseat(experience_id, person_id)

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
