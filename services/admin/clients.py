"""Asking the services over HTTP, in the name of one person, over their restarts."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

import httpx

from libs.runtime.http.intake import is_refusal
from libs.runtime.http.problems import read_problem
from libs.runtime.telemetry import current_traceparent
from services.admin.settings import Settings

PATIENCE_S: Final = 8.0
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 1.0
_LIMITS: Final = httpx.Limits(max_connections=50, max_keepalive_connections=20)
_TIMEOUT: Final = httpx.Timeout(10.0, connect=2.0)


class ServiceRefused(Exception):
    """A service answered with a problem; `errors` name fields, `code` is stable."""

    def __init__(self, status: int, code: str, title: str, errors: list[dict[str, Any]]) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.title = title
        self.errors = errors

    @property
    def is_about_input(self) -> bool:
        """Whether the person can do something about it on the page where they are."""
        return self.status in {400, 403, 409, 422, 429}


class ServiceUnreachable(Exception):
    """A service did not answer for as long as we are willing to wait."""


@dataclass(frozen=True, slots=True)
class Services:
    """The services, each with its own pool of connections."""

    by_name: Mapping[str, httpx.AsyncClient]
    patience_s: float = PATIENCE_S

    @classmethod
    def at(cls, settings: Settings) -> Self:
        """The services at the addresses of the settings."""
        addresses = {
            "catalog": settings.catalog_url,
            "checkout": settings.checkout_url,
            "access": settings.access_url,
            "streaming": settings.streaming_url,
        }
        return cls(
            {
                name: httpx.AsyncClient(base_url=address, limits=_LIMITS, timeout=_TIMEOUT)
                for name, address in addresses.items()
            }
        )

    async def close(self) -> None:
        """Let go of the connections."""
        for client in self.by_name.values():
            await client.aclose()

    def asked_with(self, token: str) -> "Caller":
        """The services as the person of this token may ask them."""
        return Caller(self, token)


@dataclass(frozen=True, slots=True)
class Caller:
    """One person who asks services. Raises ServiceRefused and ServiceUnreachable."""

    services: Services
    token: str

    async def get(self, service: str, path: str, **query: str | int) -> Any:
        """Read something."""
        return await self._ask(service, "GET", path, params=query)

    async def find(self, service: str, path: str, **query: str | int) -> Any | None:
        """Read something that may not be there, or not now: None instead of a refusal."""
        try:
            return await self.get(service, path, **query)
        except (ServiceRefused, ServiceUnreachable):
            return None

    async def send(self, service: str, method: str, path: str, key: UUID, body: Any = None) -> Any:
        """Give a command; with its key it is carried out once, however often it is sent."""
        return await self._ask(
            service, method, path, json=body, headers={"Idempotency-Key": str(key)}
        )

    async def _ask(self, service: str, method: str, path: str, **parts: Any) -> Any:
        headers = parts.pop("headers", {}) | {"Authorization": f"Bearer {self.token}"}
        if traceparent := current_traceparent():
            headers["traceparent"] = traceparent
        client = self.services.by_name[service]
        request = client.build_request(method, path, headers=headers, **parts)
        return _answer_of(await self._sent(client, request))

    async def _sent(self, client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
        """Everything that is sent here is a read or carries a key: it may be sent again."""
        give_up_at = time.monotonic() + self.services.patience_s
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                response = await client.send(request)
            except httpx.TransportError as broken:
                if time.monotonic() + pause_s > give_up_at:
                    raise ServiceUnreachable(str(request.url)) from broken
            else:
                late = time.monotonic() + pause_s > give_up_at
                unavailable = response.status_code == httpx.codes.SERVICE_UNAVAILABLE
                if not unavailable or late or _is_refusal(response):
                    return response
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def _is_refusal(response: httpx.Response) -> bool:
    return is_refusal(response.status_code, response.headers.get("retry-after"))


def _answer_of(response: httpx.Response) -> Any:
    if response.is_success:
        return response.json() if response.content else None
    problem = read_problem(response.content)
    server_error = response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
    if server_error and not _is_refusal(response):
        raise ServiceUnreachable(f"{response.request.url}: {response.status_code}")
    errors = [each for each in problem.get("errors", []) if isinstance(each, dict)]
    raise ServiceRefused(
        response.status_code,
        str(problem.get("code", "unknown")),
        str(problem.get("title", "")),
        errors,
    )
