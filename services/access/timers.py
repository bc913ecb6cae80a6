"""What the access service does when a time has come."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from libs.runtime.scheduling.schedule import Timer
from services.access.application import EXPIRE_GRANT, LOSE_SOURCE, Access


def on_expire_grant(payload: Mapping[str, Any], access: Access) -> None:
    """The window of a grant has closed."""
    access.expire_grant(UUID(payload["grant_id"]))


def on_lose_source(payload: Mapping[str, Any], access: Access) -> None:
    """An operator says that checkout lost a membership with its log."""
    access.lose_source(UUID(payload["source_id"]))


TIMERS: Final[Mapping[str, Timer]] = {
    EXPIRE_GRANT: on_expire_grant,
    LOSE_SOURCE: on_lose_source,
}
