"""Who of several replicas does what only one may do: advisory locks on one connection."""

import asyncio
import time
from typing import Any, Final

import psycopg

_CHECK_EVERY_S: Final = 1.0
_TRY_EVERY_S: Final = 1.0


class Leadership:
    """Named leads of one process, held as long as its connection to PostgreSQL lives."""

    def __init__(self, database_url: str, service: str) -> None:
        self._url = database_url
        self._service = service
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._turn = asyncio.Lock()
        self._checked_at = 0.0

    async def acquire(self, lead: str) -> None:
        """Wait until this process leads; another that dies or is cut off makes room."""
        # The lock is another process's: there is no event of ours to wait for.
        while not await self._try(lead):  # noqa: ASYNC110
            await asyncio.sleep(_TRY_EVERY_S)

    async def confirm(self) -> None:
        """Raises psycopg.Error when the connection is gone, and with it every lead."""
        if time.monotonic() - self._checked_at < _CHECK_EVERY_S:
            return
        async with self._turn:
            await self._run("SELECT 1", ())
            self._checked_at = time.monotonic()

    async def close(self) -> None:
        """Give up every lead."""
        async with self._turn:
            if self._connection is not None:
                await self._connection.close()
                self._connection = None

    async def _try(self, lead: str) -> bool:
        async with self._turn:
            if self._connection is None or self._connection.closed:
                self._connection = await psycopg.AsyncConnection.connect(
                    self._url,
                    autocommit=True,
                    connect_timeout=3,
                    application_name=f"{self._service} leads",
                )
            # The same connection may take a lock twice: asking again for one's own lead is a yes.
            row = await self._run("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (lead,))
            return bool(row and row[0])

    async def _run(self, sql: str, parameters: tuple[Any, ...]) -> Any:
        if self._connection is None or self._connection.closed:
            raise psycopg.OperationalError("the connection that holds the leads is gone")
        try:
            cursor = await self._connection.execute(sql, parameters)
            return await cursor.fetchone()
        except psycopg.OperationalError:
            await self._connection.close()
            raise
