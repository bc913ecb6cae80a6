"""Calls the services over HTTP for one person, and waits while they restart."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

import httpx

from libs.runtime.http.intake import is_refusal
from libs.runtime.http.problems import read_problem
from libs.runtime.telemetry import current_traceparent

PATIENCE_S: Final = 8.0
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 0.5
_LIMITS: Final = httpx.Limits(max_connections=200, max_keepalive_connections=50)
_TIMEOUT: Final = httpx.Timeout(15.0, connect=2.0, pool=5.0)
_SERVER_ERROR: Final = 500


class ServiceRefused(Exception):
    """A service answered with a problem; `code` is stable, `errors` name fields."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str = "",
        errors: Sequence[Mapping[str, Any]] = (),
        retry_after: str | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.title = title
        self.errors = errors
        self.retry_after = retry_after
        super().__init__(f"{status} {code}")

    @property
    def is_about_input(self) -> bool:
        """Whether the person can correct it on the current page."""
        return self.status in {400, 403, 409, 422, 429}

    def errors_by_field(self, names: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the sentences by the fields of our form; `names` maps names that differ."""
        found: dict[str, str] = {}
        for each in self.errors:
            theirs = str(each.get("field", ""))
            last = theirs.removeprefix("terms.").partition(".")[0]
            found.setdefault((names or {}).get(theirs, last), str(each.get("message", "")))
        return found


class ServiceUnreachable(Exception):
    """A service did not answer within our patience."""


@dataclass(frozen=True, slots=True)
class Services:
    """The services, each with its own connection pool."""

    by_name: Mapping[str, httpx.AsyncClient]
    patience_s: float = PATIENCE_S

    @classmethod
    def at(cls, addresses: Mapping[str, str]) -> Self:
        """Return the services at these addresses, by name."""
        return cls(
            {
                name: httpx.AsyncClient(base_url=address, limits=_LIMITS, timeout=_TIMEOUT)
                for name, address in addresses.items()
            }
        )

    async def close(self) -> None:
        """Close all connections."""
        for client in self.by_name.values():
            await client.aclose()

    def asked_by(self, token: str | None, language: str = "") -> "Caller":
        """Return a caller that acts for the person of this token, or for nobody."""
        return Caller(self, token, language)


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls services for one person. Raises ServiceRefused and ServiceUnreachable."""

    services: Services
    token: str | None
    language: str = ""

    async def get(
        self, service: str, path: str, *, headers: Mapping[str, str] | None = None, **query: Any
    ) -> Any:
        """Read something."""
        answer = await self.sent(service, "GET", path, params=query, headers=dict(headers or {}))
        return _answer_of(answer)

    async def find(
        self, service: str, path: str, default: Any = None, *, waits: bool = False
    ) -> Any:
        """Read what the page can do without; return the default on failure.

        Waits for a service that restarts only if `waits` is set.
        """
        limits: dict[str, Any] = {} if waits else {"patience_s": 0.0, "timeout": 2.0}
        try:
            return _answer_of(await self.sent(service, "GET", path, **limits))
        except (ServiceRefused, ServiceUnreachable):
            return default

    async def send(
        self, service: str, method: str, path: str, key: str | UUID, body: Any = None
    ) -> Any:
        """Send a command; the service carries out each key once."""
        headers = {"Idempotency-Key": str(key)}
        answer = await self.sent(service, method, path, json=body, headers=headers)
        return _answer_of(answer)

    async def sent(
        self,
        service: str,
        method: str,
        path: str,
        *,
        patience_s: float | None = None,
        only_unsent: bool = False,
        **parts: Any,
    ) -> httpx.Response:
        """Send a read or a command with a key; repeat it while the service is down.

        Set `only_unsent` for a command without a key: it is repeated only if it never left us.
        """
        headers = parts.get("headers", {}) | self._headers()
        # Headers are forwarded byte by byte: Starlette decoded them as Latin-1.
        parts["headers"] = {name: value.encode("latin-1") for name, value in headers.items()}
        client = self.services.by_name[service]
        try:
            request = client.build_request(method, path, **parts)
        except httpx.InvalidURL:
            # The path contains a name that no service can have given.
            raise ServiceRefused(404, "not_found", "Not Found") from None
        patience = self.services.patience_s if patience_s is None else patience_s
        return await _until_answered(client, request, patience, only_unsent=only_unsent)

    def _headers(self) -> dict[str, str]:
        headers = {}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.language:
            headers["Accept-Language"] = self.language
        if traceparent := current_traceparent():
            headers["traceparent"] = traceparent
        return headers


async def _until_answered(
    client: httpx.AsyncClient, request: httpx.Request, patience_s: float, *, only_unsent: bool
) -> httpx.Response:
    give_up_at = time.monotonic() + patience_s
    pause_s = _FIRST_PAUSE_S
    while True:
        late = time.monotonic() + pause_s > give_up_at
        try:
            response = await client.send(request)
        except httpx.TransportError as broken:
            if late or (only_unsent and not isinstance(broken, httpx.ConnectError)):
                raise ServiceUnreachable(f"{request.method} {request.url}") from broken
        else:
            unavailable = response.status_code == httpx.codes.SERVICE_UNAVAILABLE
            if late or only_unsent or not unavailable or _is_refusal(response):
                return response
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def _is_refusal(response: httpx.Response) -> bool:
    return is_refusal(response.status_code, response.headers.get("retry-after"))


def _answer_of(response: httpx.Response) -> Any:
    if response.is_success:
        return response.json() if response.content else None
    # 502: the service is well, but its provider refused or is down.
    is_word = response.status_code == httpx.codes.BAD_GATEWAY or _is_refusal(response)
    if response.status_code >= _SERVER_ERROR and not is_word:
        raise ServiceUnreachable(f"{response.request.url}: {response.status_code}")
    problem = read_problem(response.content)
    errors = problem.get("errors", [])
    raise ServiceRefused(
        response.status_code,
        str(problem.get("code", "unknown")),
        str(problem.get("title", "")),
        [each for each in errors if isinstance(each, dict)],
        response.headers.get("retry-after"),
    )
