"""A running identity service on real PostgreSQL and NATS, with a real SMTP server."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import httpx
import pytest
from aiosmtpd.controller import Controller

from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.service import Service
from services.identity.__main__ import build
from services.identity.settings import Settings
from services.identity.tests.browser import SECRET, Browser, Mailbox
from tests.servers import NatsServer, free_port


@pytest.fixture
def smtp_port() -> int:
    return free_port()


@pytest.fixture
def mailbox(smtp_port: int) -> Iterator[Mailbox]:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=smtp_port)
    controller.start()
    yield box
    controller.stop()


@pytest.fixture
def clock() -> FixedClock:
    """Person tokens are judged by the machine's clock, so this clock stands close to it."""
    return FixedClock(datetime.now(UTC))


@pytest.fixture
def settings(database: str, own_nats: NatsServer, smtp_port: int) -> Settings:
    return Settings(
        http_port=0,
        database_url=database,
        nats_url=own_nats.url,
        person_token_secret=SECRET,
        smtp_url=f"smtp://127.0.0.1:{smtp_port}",
        sign_in_pepper="a pepper that is long enough for a test",
    )


@pytest.fixture
async def service(
    settings: Settings, mailbox: Mailbox, clock: FixedClock
) -> AsyncIterator[Service]:
    service = build(settings, clock)
    async with service.running():
        yield service


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(service.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://identity") as client:
        yield client


@pytest.fixture
def browser(client: httpx.AsyncClient, mailbox: Mailbox) -> Browser:
    return Browser(client, mailbox)
