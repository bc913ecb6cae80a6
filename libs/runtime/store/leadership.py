"""Who of several replicas does what only one may do: advisory locks on one connection."""

import asyncio
import time
from typing import Any, Final

import psycopg

from libs.runtime.store.connections import KEEPALIVE

_CHECK_EVERY_S: Final = 1.0
_ANSWERS_WITHIN_S: Final = 5.0
_TRY_EVERY_S: Final = 1.0


class Leadership:
    """Named leads of one process, held as long as its connection to PostgreSQL lives."""

    def __init__(self, database_url: str, service: str) -> None:
        self._url = database_url
        self._service = service
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._held: set[str] = set()
        """What the present connection holds: a new one holds nothing of the last."""
        self._turn = asyncio.Lock()
        self._checked_at = 0.0

    async def acquire(self, lead: str) -> None:
        """Wait until this process leads; another that dies or is cut off makes room."""
        # The lock is another process's: there is no event of ours to wait for.
        while not await self._try(lead):  # noqa: ASYNC110
            await asyncio.sleep(_TRY_EVERY_S)

    @property
    def backend(self) -> int | None:
        """The server's process behind our connection: it lives no longer than we do."""
        if self._connection is None or self._connection.closed:
            return None
        return self._connection.info.backend_pid

    def holds(self, lead: str) -> bool:
        """Whether this process leads, as far as it knows."""
        return lead in self._held

    async def confirm(self, lead: str) -> None:
        """Raises psycopg.Error when the connection is gone on which the lead was acquired."""
        if lead not in self._held:
            raise psycopg.OperationalError(f"{lead}: the connection that held this lead is gone")
        if time.monotonic() - self._checked_at < _CHECK_EVERY_S:
            return
        async with self._turn:
            await self._run("SELECT 1", ())
            self._checked_at = time.monotonic()

    async def release(self, lead: str) -> None:
        """Give one lead up, so that another replica may try."""
        async with self._turn:
            if lead in self._held:
                self._held.discard(lead)
                await self._run("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (lead,))

    async def close(self) -> None:
        """Give up every lead."""
        async with self._turn:
            self._held.clear()
            if self._connection is not None:
                await self._connection.close()
                self._connection = None

    async def _try(self, lead: str) -> bool:
        async with self._turn:
            if self._connection is None or self._connection.closed:
                self._held.clear()
                self._connection = await psycopg.AsyncConnection.connect(
                    self._url,
                    autocommit=True,
                    application_name=f"{self._service} leads",
                    **KEEPALIVE,
                )
            if lead in self._held:
                # Taken twice, it would have to be given up twice.
                await self._run("SELECT 1", ())
                return True
            row = await self._run("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (lead,))
            leads = bool(row and row[0])
            if leads:
                self._held.add(lead)
            return leads

    async def _run(self, sql: str, parameters: tuple[Any, ...]) -> Any:
        """Raises psycopg.OperationalError; the connection and what it held are gone then."""
        connection = self._connection
        if connection is None or connection.closed:
            raise psycopg.OperationalError("the connection that holds the leads is gone")
        asking = asyncio.create_task(_ask(connection, sql, parameters))
        answered, _ = await asyncio.wait({asking}, timeout=_ANSWERS_WITHIN_S)
        fault = asking.exception() if answered else TimeoutError("no answer")
        if fault is None:
            return asking.result()
        # Closed before the question is given up: giving up would wait for an answer as well.
        self._held.clear()
        await connection.close()
        asking.cancel()
        raise psycopg.OperationalError("the connection that holds the leads is gone") from fault


async def _ask(
    connection: psycopg.AsyncConnection[Any], sql: str, parameters: tuple[Any, ...]
) -> Any:
    cursor = await connection.execute(sql, parameters)
    return await cursor.fetchone()
