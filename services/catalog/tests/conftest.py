"""The catalog over HTTP, on a real database."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.runtime.http import person_token
from libs.runtime.http.app import create_app
from libs.runtime.scheduling.clock import FixedClock, SystemClock
from libs.runtime.settings import ServiceSettings
from libs.runtime.store.store import Store
from services.catalog.__main__ import catalog_store
from services.catalog.application import Catalog
from services.catalog.http import REFUSALS, routers
from services.catalog.tests.builders import NOW

SECRET = "a secret of the tests, of 32 signs or more"


def settings_for(database: str, nats_url: str = "nats://127.0.0.1:1") -> ServiceSettings:
    return ServiceSettings(
        http_port=1, database_url=database, nats_url=nats_url, person_token_secret=SECRET
    )


@pytest.fixture
def store(database: str) -> Iterator[Store[Catalog]]:
    opened = catalog_store(settings_for(database), FixedClock(NOW))
    opened.open()
    yield opened
    opened.close()


@dataclass
class Visitor:
    """A client of the catalog over HTTP: a person, or no one."""

    http: httpx.AsyncClient
    person_id: UUID | None

    async def ask(
        self, method: str, path: str, body: Any = None, key: str | None = None
    ) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        if self.person_id is not None:
            token = person_token.sign(SECRET, self.person_id, "s", SystemClock().now())
            headers["Authorization"] = f"Bearer {token}"
        return await self.http.request(method, path, json=body, headers=headers)

    async def done(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.ask(method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


async def _ready() -> dict[str, Any]:
    return {"status": "ready"}


@pytest.fixture
async def http(store: Store[Catalog]) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(
        "catalog",
        person_token_secret=SECRET,
        routers=routers(store),
        refusals=REFUSALS,
        ready=_ready,
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://catalog") as client:
        yield client
