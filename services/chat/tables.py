"""What the chat service asks of its database beside events and views."""

from typing import Final
from uuid import UUID

from typing_extensions import override

from libs.runtime.store import unit_of_work
from services.chat.application import Turns

_SPACES: Final = 1
"""The first half of our locks' names; the runtime's own locks have names of one part."""


class TurnLocks(Turns):
    """An advisory lock per space, held until the end of the transaction."""

    @override
    def take(self, space_id: UUID) -> None:
        with unit_of_work.required().cursor() as curs:
            curs.execute(
                "SELECT pg_advisory_xact_lock(%s, hashtext(%s))",
                (_SPACES, str(space_id)),
                prepare=True,
            )
