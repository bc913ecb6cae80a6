"""The access service on a real database, without a bus."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
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
from services.access.application import Access
from services.access.http import REFUSALS, access_router
from services.access.projections import VIEWS
from services.access.reactions import SUBSCRIPTIONS
from services.access.tests.builders import NOON, about

SECRET = "a secret of at least thirty-two characters"

Hear = Callable[..., None]
As = Callable[[UUID], dict[str, str]]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def store(database: str, clock: FixedClock) -> Iterator[Store[Access]]:
    store = Store(
        "access",
        database,
        lambda env: Access(env, clock=clock, schedule=Schedule(clock)),
        views=VIEWS,
        clock=clock,
        pool_size=4,
    )
    store.open()
    yield store
    store.close()


@pytest.fixture
def hear(store: Store[Access]) -> Hear:
    """Let the service hear contracts, each about an entity of its own, or as given."""

    def hear(*contracts: Contract, envelope: Envelope | None = None) -> None:
        for contract in contracts:
            known = envelope or about(contract)

            def react(contract: Contract = contract, known: Envelope = known) -> None:
                store.project(contract, known)
                with_views(SUBSCRIPTIONS, VIEWS)[type(contract)](contract, known, store.application)

            store.react(known, f"access-{contract.producer()}", react)

    return hear


@pytest.fixture
async def client(store: Store[Access]) -> AsyncIterator[httpx.AsyncClient]:
    async def ready() -> Mapping[str, Any]:
        return {"status": "ready"}

    app = create_app(
        "access",
        person_token_secret=SECRET,
        routers=[access_router(store)],
        refusals=REFUSALS,
        ready=ready,
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://access") as client:
        yield client


@pytest.fixture
def signed() -> As:
    """The headers of a request that a person makes through an edge."""

    def signed(person_id: UUID) -> dict[str, str]:
        token = person_token.sign(SECRET, person_id, "session", SystemClock().now())
        return {"Authorization": f"Bearer {token}"}

    return signed
