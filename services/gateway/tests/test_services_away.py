"""A service that is killed and comes back is not seen by who waits for a page."""

import httpx
import pytest

from services.gateway.tests.builders import a_space, gateway, world
from services.gateway.tests.fakes import response


def failing(times: int, then: httpx.Response):
    """Answers like a service that is starting: not at all, and then well."""
    left = times

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal left
        if left > 0:
            left -= 1
            raise httpx.ConnectError("away", request=request)
        return then

    return answer


async def test_a_page_waits_for_a_service_that_is_restarted() -> None:
    fakes = world()
    back = failing(3, response(200, a_space()))
    fakes.on_call("catalog", "GET /spaces/studio", back)
    async with gateway(fakes) as browser:
        answer = await browser.get("/studio")

        assert answer.status_code == 200
        assert "The Studio" in answer.text


@pytest.mark.parametrize("path", ["/studio", "/account", "/api/spaces/studio"])
async def test_a_service_that_stays_away_is_a_sentence_and_no_fault(path: str) -> None:
    fakes = world()
    fakes.patience_s = 0.1
    gone = failing(10_000, response(200, {}))
    fakes.on_call("catalog", "GET /spaces/studio", gone)
    fakes.on_call("identity", "GET /sessions", gone)
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.get(path)

        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "2"
        if path.startswith("/api"):
            assert answer.json()["code"] == "service_unreachable"
        else:
            assert "Nothing of yours is lost" in answer.text
            assert f'href="{path}"' in answer.text


async def test_identity_away_is_told_as_well() -> None:
    fakes = world()
    fakes.patience_s = 0.1
    gone = failing(10_000, response(200, {}))
    fakes.on_call("identity", "GET /sessions/current", gone)
    async with gateway(fakes) as browser:
        browser.sign_in()

        assert (await browser.get("/studio")).status_code == 503
