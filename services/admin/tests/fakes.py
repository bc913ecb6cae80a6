"""The services as the admin sees them over HTTP, with answers that a test chooses."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from libs.web.clients import Services
from services.admin.settings import SERVICES


@dataclass
class FakeServices:
    """Answers by method and address; remembers what was asked. Unknown addresses are 404."""

    answers: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)
    retry_after: dict[str, str] = field(default_factory=dict)

    def answer(self, call: str, body: Any = None, status: int = 200) -> None:
        """`call` is such as "GET catalog/spaces/anna"."""
        method, _, address = call.partition(" ")
        self.answers[method, address] = (status, body)

    def refuse(self, call: str, status: int, code: str, *errors: dict[str, str]) -> None:
        problem = {"status": status, "code": code, "title": f"title of {code}"}
        self.answer(call, problem | {"errors": list(errors)}, status)

    def sent(self) -> list[tuple[str, Any]]:
        """The commands that were given, with their bodies."""
        return [
            (_call(request), json.loads(request.content) if request.content else None)
            for request in self.asked
            if request.method != "GET"
        ]

    def clients(self) -> Services:
        """What the admin asks."""
        transport = httpx.MockTransport(self._handle)
        return Services(
            {
                name: httpx.AsyncClient(transport=transport, base_url=f"http://{name}")
                for name in SERVICES
            },
            patience_s=0.3,
        )

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        key = (request.method, f"{request.url.host}{request.url.path}")
        status, body = self.answers.get(key, (404, {"code": "not_found", "title": "Not found"}))
        if isinstance(body, Exception):
            raise body
        told = self.retry_after.get(_call(request))
        return httpx.Response(status, json=body, headers={"Retry-After": told} if told else None)


def _call(request: httpx.Request) -> str:
    return f"{request.method} {request.url.host}{request.url.path}"
