"""What happens in the access service when time has come."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from libs.runtime.scheduling.schedule import Timer
from services.access.application import EXPIRE_GRANT, LOSE_SOURCE, Access


def on_expire_grant(payload: Mapping[str, Any], access: Access) -> None:
    """The last instant of a grant's window has passed."""
    access.expire_grant(UUID(payload["grant_id"]))


def on_lose_source(payload: Mapping[str, Any], access: Access) -> None:
    """An operator says that checkout has lost an order."""
    access.lose_source(UUID(payload["source_id"]))


TIMERS: Final[Mapping[str, Timer]] = {
    EXPIRE_GRANT: on_expire_grant,
    LOSE_SOURCE: on_lose_source,
}
