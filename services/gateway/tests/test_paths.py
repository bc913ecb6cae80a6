"""What the gateway reads in a path is what the service behind it reads."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from libs.runtime.scheduling.clock import FixedClock
from services.gateway.app import build_edge, create_gateway
from services.gateway.paths import PlainPaths, is_plain
from services.gateway.tests.builders import NOW, TOKEN, gateway, settings, world
from services.gateway.tests.fakes import FakeServices

BEARER = {"Authorization": f"Bearer {TOKEN}"}
BENT = [
    "/admin/..%2f..%2fhealth",
    "/admin/%2e%2e/health",
    "/admin/../health",
    "/admin/./spaces",
    "/admin/..%5chealth",
    "/api/orders/mine%3flimit=1",
    "/api/orders/mine%3Flimit=1",
    "/api/orders/mine%23",
    "/api/orders/..%2Forders%2Fmine",
    "/api/spaces/..%252fme",
    "/api/notices/%2e/read",
    "/unsubscribe/..%2fhealth",
    "/studio%2fseason",
]


async def raw(app: Any, raw_path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Ask with these very bytes: clients resolve dots before they send."""
    sent: list[dict[str, Any]] = []
    path, _, query = raw_path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": httpx.URL(f"http://x{path}").path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost:8000")]
        + [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 8000),
        "state": {},
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent)


def a_world() -> FakeServices:
    fakes = world()
    for service, path in (("admin", "/admin/spaces"), ("checkout", "/orders/mine")):
        fakes.on(service, f"GET {path}", [])
    return fakes


@pytest.mark.parametrize("path", BENT)
async def test_a_path_that_a_service_could_read_otherwise_is_refused(path: str) -> None:
    async with gateway(a_world()) as browser:
        transport: Any = browser._transport
        status, body = await raw(transport.app, path, BEARER)

        assert (status, b'"code":"not_found"' in body) == (404, True)
        assert browser.fakes.asked == []


@pytest.mark.parametrize("path", ["/admin/spaces", "/api/orders/mine?limit=1"])
async def test_a_plain_path_reaches_its_service(path: str) -> None:
    async with gateway(a_world()) as browser:
        transport: Any = browser._transport
        status, _ = await raw(transport.app, path, BEARER)

        assert status == 200
        assert path.partition("?")[0].removeprefix("/api") in [e.path for e in browser.fakes.asked]


@pytest.mark.parametrize(
    "path", ["/", "/@mara", "/studio/season", "/caf%C3%A9", "/a%20b", "/.well-known/x", "/a..b"]
)
def test_names_with_dots_spaces_and_accents_are_plain(path: str) -> None:
    assert is_plain(path.encode())


@pytest.mark.parametrize("path", ["/admin/..%2f..%2fhealth", "/api/orders/mine%3flimit=1"])
async def test_without_the_check_a_bent_path_reaches_a_service(path: str) -> None:
    fakes = a_world()
    app = create_gateway(build_edge(settings(), fakes.services(), FixedClock(NOW)))
    app.user_middleware = [each for each in app.user_middleware if each.cls is not PlainPaths]

    await raw(app, path, BEARER)

    assert fakes.asked != []
