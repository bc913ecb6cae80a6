"""The mailbox: receives every mail by SMTP, stores it, and shows it at `/mailbox`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiosmtpd.smtp import SMTP
from fastapi import APIRouter

from sandbox.mailbox.pages import add_pages
from sandbox.mailbox.post_office import PostOffice
from sandbox.settings import Settings
from sandbox.state import State

PREFIX = "/mailbox"
_LARGEST_BYTES = 10 * 1024 * 1024


def router(state: State, settings: Settings) -> APIRouter:
    """Return the mailbox's pages; its SMTP server listens while the app runs."""
    office = PostOffice(state, lambda: datetime.now(UTC))

    def talk() -> SMTP:
        return SMTP(
            office,
            hostname="sandbox",
            ident="Backstage Pass sandbox",
            data_size_limit=_LARGEST_BYTES,
            enable_SMTPUTF8=True,
            loop=asyncio.get_running_loop(),
        )

    @asynccontextmanager
    async def listening(_app: Any) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(talk, settings.http_host, settings.sandbox_smtp_port)
        yield
        server.close()

    routes = APIRouter(lifespan=listening, include_in_schema=False)
    add_pages(routes, office)
    return routes
