"""The notifications service on a real database, without a bus."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.events.contract import Contract
from libs.events.envelope import Envelope
from libs.runtime.http import person_token
from libs.runtime.http.app import create_app
from libs.runtime.messaging.handling import with_views
from libs.runtime.scheduling.clock import FixedClock, SystemClock
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.store.store import Store
from services.notifications.application import Notifications
from services.notifications.http import (
    REFUSALS,
    choices_router,
    notices_router,
    unsubscribe_router,
)
from services.notifications.projections import VIEWS
from services.notifications.reactions import SUBSCRIPTIONS
from services.notifications.tables import AudienceTable, CatalogueTable, OptOutTable
from services.notifications.tests.builders import NOON, about
from services.notifications.tests.mailserver import MailServer
from services.notifications.texts import Texts
from services.notifications.unsubscribe_tokens import UnsubscribeTokens

SECRET = "a secret of at least thirty-two characters"

Hear = Callable[..., Envelope]
As = Callable[[UUID], dict[str, str]]


def on_database(database: str, clock: FixedClock) -> Store[Notifications]:
    return Store(
        "notifications",
        database,
        lambda env: Notifications(
            env,
            clock=clock,
            schedule=Schedule(clock),
            audience=AudienceTable(),
            catalogue=CatalogueTable(),
            opt_outs=OptOutTable(),
        ),
        views=VIEWS,
        migrations=Path(__file__).parents[1] / "migrations",
        clock=clock,
        pool_size=4,
    )


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def store(database: str, clock: FixedClock) -> Iterator[Store[Notifications]]:
    store = on_database(database, clock)
    store.open()
    yield store
    store.close()


@pytest.fixture
def hear(store: Store[Notifications]) -> Hear:
    """Deliver a contract to the service, by default about an entity of its own."""

    def hear(contract: Contract, envelope: Envelope | None = None) -> Envelope:
        told = envelope or about(contract)

        def react() -> None:
            store.project(contract, told)
            with_views(SUBSCRIPTIONS, VIEWS)[type(contract)](contract, told, store.application)

        store.react(told, f"notifications-{contract.producer()}", react)
        return told

    return hear


@pytest.fixture
def tokens() -> UnsubscribeTokens:
    return UnsubscribeTokens(SECRET)


@pytest.fixture
async def client(
    store: Store[Notifications], tokens: UnsubscribeTokens
) -> AsyncIterator[httpx.AsyncClient]:
    async def ready() -> Mapping[str, Any]:
        return {"status": "ready"}

    texts = Texts()
    app = create_app(
        "notifications",
        person_token_secret=SECRET,
        routers=[
            notices_router(store, texts),
            choices_router(store),
            unsubscribe_router(store, texts, tokens),
        ],
        refusals=REFUSALS,
        ready=ready,
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://notices") as client:
        yield client


@pytest.fixture
def signed() -> As:
    """Return the headers of a person's request through an edge."""

    def signed(person_id: UUID) -> dict[str, str]:
        token = person_token.sign(SECRET, person_id, "session", SystemClock().now())
        return {"Authorization": f"Bearer {token}"}

    return signed


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server
