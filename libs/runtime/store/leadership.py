"""Choosing one replica for work that only one may do: advisory locks on one connection."""

import asyncio
import time
from typing import Any, Final

import psycopg

from libs.runtime.store.connections import KEEPALIVE

_CHECK_EVERY_S: Final = 1.0
_ANSWERS_WITHIN_S: Final = 5.0
_TRY_EVERY_S: Final = 1.0


class Leadership:
    """The named leads of one process, held as long as its connection to PostgreSQL lives."""

    def __init__(self, database_url: str, service: str) -> None:
        self._url = database_url
        self._service = service
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._held: set[str] = set()
        """Leads that the present connection holds; a new connection starts with none."""
        self._turn = asyncio.Lock()
        self._checked_at = 0.0

    async def acquire(self, lead: str) -> None:
        """Wait until this process leads, which happens when another dies or is cut off."""
        # Another process holds the lock, so no event of ours can signal its release.
        while not await self._try(lead):  # noqa: ASYNC110
            await asyncio.sleep(_TRY_EVERY_S)

    @property
    def backend(self) -> int | None:
        """Return the PostgreSQL process behind our connection, which ends with us."""
        if self._connection is None or self._connection.closed:
            return None
        return self._connection.info.backend_pid

    def holds(self, lead: str) -> bool:
        """Return whether this process leads, as far as it knows."""
        return lead in self._held

    async def confirm(self, lead: str) -> None:
        """Raise psycopg.Error if the connection of this lead is gone."""
        if lead not in self._held:
            raise psycopg.OperationalError(f"{lead}: the connection that held this lead is gone")
        if time.monotonic() - self._checked_at < _CHECK_EVERY_S:
            return
        async with self._turn:
            await self._run("SELECT 1", ())
            self._checked_at = time.monotonic()

    async def release(self, lead: str) -> None:
        """Give up one lead, so that another replica may take it."""
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
                # A lock that was taken twice must be released twice.
                await self._run("SELECT 1", ())
                return True
            row = await self._run("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (lead,))
            leads = bool(row and row[0])
            if leads:
                self._held.add(lead)
            return leads

    async def _run(self, sql: str, parameters: tuple[Any, ...]) -> Any:
        """Check the connection. Raises psycopg.OperationalError, and drops the connection with its
        locks."""
        connection = self._connection
        if connection is None or connection.closed:
            raise psycopg.OperationalError("the connection that holds the leads is gone")
        asking = asyncio.create_task(_ask(connection, sql, parameters))
        answered, _ = await asyncio.wait({asking}, timeout=_ANSWERS_WITHIN_S)
        fault = asking.exception() if answered else TimeoutError("no answer")
        if fault is None:
            return asking.result()
        # Closed first: giving up the query would wait for an answer as well.
        self._held.clear()
        await connection.close()
        asking.cancel()
        raise psycopg.OperationalError("the connection that holds the leads is gone") from fault


async def _ask(
    connection: psycopg.AsyncConnection[Any], sql: str, parameters: tuple[Any, ...]
) -> Any:
    cursor = await connection.execute(sql, parameters)
    return await cursor.fetchone()
