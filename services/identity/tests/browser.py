"""A browser that signs in through the mailbox."""

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import httpx

from libs.runtime.http import person_token
from libs.runtime.scheduling.clock import FixedClock

SECRET = "the secret of person tokens in these tests"
ADA = "ada@example.org"


@dataclass
class Mailbox:
    """Mails that an SMTP server took; it answers 451 `refuse` times, and 550 while
    `refuse_for_good`."""

    mails: list[EmailMessage] = field(default_factory=list)
    refuse: int = 0
    refuse_for_good: bool = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuse_for_good:
            return "550 no such mailbox"
        if self.refuse:
            self.refuse -= 1
            return "451 come back later"
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


async def until(look: Callable[[], Any], within_s: float = 5.0) -> Any:
    """Poll until there is something to see."""
    async with asyncio.timeout(within_s):
        while True:
            seen = look()
            if inspect.isawaitable(seen):
                seen = await seen
            if seen:
                return seen
            await asyncio.sleep(0.01)


class Browser:
    """Signs in as a browser does, through the mailbox."""

    def __init__(self, client: httpx.AsyncClient, mailbox: Mailbox, name: str = "browser") -> None:
        self.client, self.mailbox, self.name = client, mailbox, name
        self.token = ""
        self.person_id = self.session_id = UUID(int=0)

    async def ask(self, address: str = ADA, **changes: str) -> httpx.Response:
        body = {"email": address, "browser_id": self.name, "network_address": "192.0.2.1"}
        return await self.client.post("/sign-in-codes", json=body | changes)

    async def code(self, address: str = ADA) -> str:
        before = len(self.mailbox.mails)
        assert (await self.ask(address)).status_code == 202
        await until(lambda: len(self.mailbox.mails) > before)
        return str(self.mailbox.mails[-1]["Subject"]).split()[0]

    async def type(self, code: str, address: str = ADA, **headers: str) -> httpx.Response:
        body = {"email": address, "code": code, "browser_id": self.name, "user_agent": "Firefox"}
        return await self.client.post("/sessions", json=body, headers=headers)

    async def sign_in(self, address: str = ADA) -> "Browser":
        answer = await self.type(await self.code(address), address)
        assert answer.status_code == 201, answer.text
        self.token = answer.json()["session_token"]
        self.person_id = UUID(answer.json()["person_id"])
        self.session_id = UUID(answer.json()["session_id"])
        return self

    def signed(self, clock: FixedClock) -> dict[str, str]:
        signed = person_token.sign(SECRET, self.person_id, str(self.session_id), clock.now())
        return {"Authorization": f"Bearer {signed}"}

    async def current(self) -> httpx.Response:
        return await self.client.get("/sessions/current", headers={"X-Session-Token": self.token})


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]
