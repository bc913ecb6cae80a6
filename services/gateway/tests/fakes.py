"""Services that answer what a test tells them to, and remember what they were asked."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from libs.web.clients import Services
from services.gateway.settings import SERVICES

Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class Asked:
    """One request that reached a service."""

    service: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class FakeServices:
    """Answers by (service, method, path); what nobody told it is a 404 problem."""

    answers: dict[tuple[str, str, str], Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    patience_s: float = 2.0

    def on(self, service: str, route: str, body: Any = None, status: int = 200, **headers: str):
        """`on("catalog", "GET /spaces/studio", {...})`."""
        self.on_call(service, route, lambda _: response(status, body, headers))

    def refuse(self, service: str, route: str, status: int, code: str, **headers: str) -> None:
        self.on_call(service, route, lambda _: problem(status, code, headers))

    def on_call(self, service: str, route: str, answer: Answer) -> None:
        method, path = route.split(" ", 1)
        self.answers[service, method, path] = answer

    def calls(self, service: str, route: str) -> list[Asked]:
        method, path = route.split(" ", 1)
        wanted = (service, method, path)
        return [each for each in self.asked if (each.service, each.method, each.path) == wanted]

    def services(self) -> Services:
        return Services(
            {
                name: httpx.AsyncClient(
                    base_url=f"http://{name}", transport=httpx.MockTransport(self._answer(name))
                )
                for name in SERVICES
            },
            patience_s=self.patience_s,
        )

    def _answer(self, service: str) -> Answer:
        def answer(request: httpx.Request) -> httpx.Response:
            path = request.url.path
            self.asked.append(
                Asked(service, request.method, path, request.headers, request.content)
            )
            told = self.answers.get((service, request.method, path))
            return told(request) if told else problem(404, "not_told")

        return answer


def response(status: int, body: Any, headers: Mapping[str, str] | None = None) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
    if body is None:
        return httpx.Response(status, headers=given)
    if isinstance(body, str):
        return httpx.Response(status, text=body, headers=given)
    return httpx.Response(status, json=body, headers=given)


def problem(status: int, code: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
    return response(status, {"code": code, "title": f"Title of {code}", "status": status}, headers)
