"""A service that is killed and comes back is not seen by who waits."""

import httpx
import pytest

from services.gateway.clients import Services, ServiceUnreachable
from services.gateway.tests.builders import a_space, gateway, world
from services.gateway.tests.fakes import problem, response


def failing(times: int, then: httpx.Response, fault: type[httpx.TransportError] | None = None):
    """Answers like a service that is starting: not at all (or 503), and then well."""
    left = times

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal left
        if left > 0:
            left -= 1
            if fault is None:
                return problem(503, "overloaded")
            raise fault("away", request=request)
        return then

    return answer


def services_with(answer, patience_s: float = 2.0) -> Services:
    transport = httpx.MockTransport(answer)
    client = httpx.AsyncClient(base_url="http://x", transport=transport)
    return Services({"catalog": client}, patience_s=patience_s)


@pytest.mark.parametrize(
    "fault", [None, httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError]
)
async def test_a_read_and_a_command_with_a_key_wait_for_their_service(
    fault: type[httpx.TransportError] | None,
) -> None:
    caller = services_with(failing(3, response(200, {"a": 1}), fault)).asked_by(None)
    assert await caller.get("catalog", "/spaces/x") == {"a": 1}

    caller = services_with(failing(3, response(201, {"b": 2}), fault)).asked_by(None)
    assert await caller.send("catalog", "POST", "/spaces", "key", {}) == {"b": 2}


async def test_patience_has_an_end() -> None:
    answer = failing(10_000, response(200, {}), httpx.ConnectError)
    caller = services_with(answer, patience_s=0.2).asked_by(None)

    with pytest.raises(ServiceUnreachable):
        await caller.get("catalog", "/spaces/x")


@pytest.mark.parametrize(("retry_after", "calls"), [("60", 1), ("1", 2), ("soon", 2)])
async def test_a_refusal_for_longer_than_our_patience_is_passed_on_at_once(
    retry_after: str, calls: int
) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if len(asked) > 1:
            return response(201, {})
        early = problem(503, "video_server_not_ready")
        early.headers["Retry-After"] = retry_after
        return early

    answered = await services_with(answer).asked_by(None).sent("catalog", "POST", "/x")

    assert len(asked) == calls
    assert answered.status_code == (503 if calls == 1 else 201)


async def test_what_a_page_can_do_without_is_not_waited_for() -> None:
    answer = failing(1, response(200, [1]), httpx.ConnectError)
    caller = services_with(answer).asked_by(None)

    assert await caller.find("catalog", "/x", []) == []
    assert await caller.find("catalog", "/x", []) == [1]


@pytest.mark.parametrize(
    ("fault", "sent_again"), [(httpx.ConnectError, True), (httpx.ReadError, False)]
)
async def test_what_has_no_key_is_sent_again_only_when_it_never_left(
    fault: type[httpx.TransportError], sent_again: bool
) -> None:
    caller = services_with(failing(1, response(200, {}), fault)).asked_by(None)
    sending = caller.sent("catalog", "POST", "/x", only_unsent=True)

    if sent_again:
        assert (await sending).status_code == 200
    else:
        with pytest.raises(ServiceUnreachable):
            await sending


async def test_a_page_waits_for_a_service_that_is_restarted() -> None:
    fakes = world()
    back = failing(3, response(200, a_space()), httpx.ConnectError)
    fakes.on_call("catalog", "GET /spaces/studio", back)
    async with gateway(fakes) as browser:
        answer = await browser.get("/studio")

        assert answer.status_code == 200
        assert "The Studio" in answer.text


@pytest.mark.parametrize("path", ["/studio", "/account", "/api/spaces/studio"])
async def test_a_service_that_stays_away_is_a_sentence_and_no_fault(path: str) -> None:
    fakes = world()
    fakes.patience_s = 0.1
    gone = failing(10_000, response(200, {}), httpx.ConnectError)
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
    gone = failing(10_000, response(200, {}), httpx.ConnectError)
    fakes.on_call("identity", "GET /sessions/current", gone)
    async with gateway(fakes) as browser:
        browser.sign_in()

        assert (await browser.get("/studio")).status_code == 503
