"""The admin over HTTP, before services that answer as a test wants."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.runtime.http import person_token
from libs.runtime.scheduling.clock import SystemClock
from libs.web import csrf
from services.admin.app import create_admin
from services.admin.settings import SERVICES, Settings
from services.admin.tests.builders import a_member, a_pass, a_space
from services.admin.tests.fakes import FakeServices

SECRET = "a secret of the tests, of 32 signs or more"
CSRF = "another secret of the tests, of 32 signs"
PERSON = UUID(int=5)


@pytest.fixture
def services() -> FakeServices:
    """A published space with a pass and a member, seen by its owner."""
    fake = FakeServices()
    fake.answer("GET catalog/spaces/anna", a_space())
    fake.answer("GET catalog/spaces/anna/passes/season", a_pass())
    fake.answer("GET catalog/spaces/anna/team", [])
    fake.answer("GET catalog/spaces/mine", [a_space()])
    fake.refuse("GET catalog/creator-profiles/mine", 404, "profile_not_found")
    fake.answer(f"GET access/spaces/{a_space()['space_id']}/members", [a_member()])
    return fake


@dataclass
class Browser:
    """A person in front of the admin, or no one."""

    http: httpx.AsyncClient
    person: UUID | None = PERSON
    session: str = "session-1"

    language: str = "en"

    async def get(self, path: str, language: str | None = None) -> httpx.Response:
        self.language = language or self.language
        return await self.http.get(path, headers=self.headers)

    async def send(self, path: str, csrf_token: str | None = None, **form: Any) -> httpx.Response:
        token = csrf.token_for(CSRF, self.session) if csrf_token is None else csrf_token
        return await self.http.post(path, data={"csrf_token": token, **form}, headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        if self.person is None:
            return {"Accept-Language": self.language}
        now = SystemClock().now()
        token = person_token.sign(SECRET, self.person, self.session, now)
        return {"Authorization": f"Bearer {token}", "Accept-Language": self.language}


@pytest.fixture
async def browser(services: FakeServices) -> AsyncIterator[Browser]:
    addresses = {f"{name}_url": f"http://{name}" for name in SERVICES}
    settings = Settings(
        http_port=0,
        person_token_secret=SECRET,
        csrf_secret=CSRF,
        livekit_url="ws://localhost:7880",
        **addresses,
    )
    app = create_admin(settings, services.clients())
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://admin") as http:
        yield Browser(http)
