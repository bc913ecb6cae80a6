"""What the chat service needs of its database beside events and views."""

from typing import Final
from uuid import UUID

from typing_extensions import override

from libs.runtime.store import unit_of_work
from services.chat.application import SpaceLocks

_SPACES: Final = 1
"""The first key of our locks; the runtime's own locks have one key."""


class AdvisoryLocks(SpaceLocks):
    """An advisory lock per space, held until the end of the transaction."""

    @override
    def lock(self, space_id: UUID) -> None:
        with unit_of_work.required().cursor() as curs:
            curs.execute(
                "SELECT pg_advisory_xact_lock(%s, hashtext(%s))",
                (_SPACES, str(space_id)),
                prepare=True,
            )
