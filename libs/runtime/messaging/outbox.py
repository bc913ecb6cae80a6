"""How long a service's oldest public event has waited to be published."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg import Cursor
from psycopg.rows import DictRow

from libs.runtime.messaging.relay import Relay
from libs.runtime.store import log
from libs.runtime.store.log import START, LoggedEvent
from libs.runtime.store.store import Store

logger = logging.getLogger(__name__)

HELD_UP_AFTER: Final = timedelta(seconds=10)
_LOOK_EVERY_S: Final = 1.0
_PAGE: Final = 256


class Outbox:
    """Checks every second, in each replica, whether the service's events are published.

    A service knows only its own outbox. That is enough for the checkout to stop sales that other
    services would not receive. The events that other services owe about a purchase wait in their
    own stores, and their own health reports them.
    """

    def __init__(self, store: Store[Any], relay: Relay) -> None:
        self._store = store
        self._relay = relay
        self._published = START
        self._oldest_at: datetime | None = None
        self._said = False

    @property
    def reason(self) -> str | None:
        """Return why the service is degraded, or None while its events flow."""
        if self._oldest_at is None:
            return None
        waited = self._store.clock.now() - self._oldest_at
        if waited <= HELD_UP_AFTER:
            return None
        return f"The oldest unpublished event has waited for {waited.total_seconds():.0f} s."

    @property
    def unheard(self) -> bool:
        """Return whether attempts to publish fail."""
        return self._relay.faults > 0

    async def watch(self) -> None:
        """Check again and again, for ever."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Read the published position, and since when the next public event waits."""
        if (published := await _or_none(self._relay.published_until)) is not None:
            self._published = published
        page = await _or_none(lambda: asyncio.to_thread(self._store.query, self._waiting))
        if page is not None:
            public = (event.recorded_at for event in page if self._relay.is_public(event))
            self._oldest_at = next(public, None)
        self._say()

    def _waiting(self, curs: Cursor[DictRow]) -> list[LoggedEvent]:
        return list(log.read_after(curs, self._published, _PAGE).events)

    def _say(self) -> None:
        reason = self.reason
        if reason is not None and not self._said:
            logger.error("%s Events are kept, and published once NATS accepts them.", reason)
        elif reason is None and self._said:
            logger.warning("Events are published again.")
        self._said = reason is not None


async def _or_none(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Return the result, or None while NATS or the database does not answer."""
    try:
        return await ask()
    except Exception as silence:  # noqa: BLE001 - the last known state still holds
        logger.debug("not known now: %r", silence)
        return None
