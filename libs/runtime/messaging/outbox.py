"""How long the oldest public event of a service has waited to be published."""

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
    """Looks every second, in each replica, whether what the service decided is published.

    A service knows its own outbox alone. That is enough for the checkout to sell nothing that
    nobody would hear of: what the others still have to publish about a purchase waits in their
    own stores, and each says so in its own health.
    """

    def __init__(self, store: Store[Any], relay: Relay) -> None:
        self._store = store
        self._relay = relay
        self._published = START
        self._oldest_at: datetime | None = None
        self._said = False

    @property
    def reason(self) -> str | None:
        """Why the service is degraded, or None while its events flow."""
        if self._oldest_at is None:
            return None
        waited = self._store.clock.now() - self._oldest_at
        if waited <= HELD_UP_AFTER:
            return None
        return f"The oldest unpublished event has waited for {waited.total_seconds():.0f} s."

    @property
    def unheard(self) -> bool:
        """Whether tries to publish fail."""
        return self._relay.faults > 0

    async def watch(self) -> None:
        """Look again and again, for ever."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """See up to where the log is published, and since when the next public event waits."""
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
            logger.error("%s What is decided is kept, and published when NATS takes it.", reason)
        elif reason is None and self._said:
            logger.warning("Events are published again.")
        self._said = reason is not None


async def _or_none(ask: Callable[[], Awaitable[Any]]) -> Any:
    """What was asked for; nothing while NATS or the database does not answer."""
    try:
        return await ask()
    except Exception as silence:  # noqa: BLE001 - what was known before still holds
        logger.debug("not known now: %r", silence)
        return None
