"""A service that is killed and comes back is not seen by who waits."""

import httpx
import pytest

from libs.web.clients import Services, ServiceUnreachable


def failing(times: int, then: httpx.Response, fault: type[httpx.TransportError] | None = None):
    """Answers like a service that is starting: not at all (or 503), and then well."""
    left = times

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal left
        if left > 0:
            left -= 1
            if fault is None:
                return httpx.Response(503, json={"code": "overloaded"})
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
    caller = services_with(failing(3, httpx.Response(200, json={"a": 1}), fault)).asked_by(None)
    assert await caller.get("catalog", "/spaces/x") == {"a": 1}

    caller = services_with(failing(3, httpx.Response(201, json={"b": 2}), fault)).asked_by(None)
    assert await caller.send("catalog", "POST", "/spaces", "key", {}) == {"b": 2}


async def test_patience_has_an_end() -> None:
    answer = failing(10_000, httpx.Response(200, json={}), httpx.ConnectError)
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
            return httpx.Response(201, json={})
        early = httpx.Response(503, json={"code": "busy_for_a_while"})
        early.headers["Retry-After"] = retry_after
        return early

    answered = await services_with(answer).asked_by(None).sent("catalog", "POST", "/x")

    assert len(asked) == calls
    assert answered.status_code == (503 if calls == 1 else 201)


async def test_what_a_page_can_do_without_is_not_waited_for() -> None:
    answer = failing(1, httpx.Response(200, json=[1]), httpx.ConnectError)
    caller = services_with(answer).asked_by(None)

    assert await caller.find("catalog", "/x", []) == []
    assert await caller.find("catalog", "/x", []) == [1]


@pytest.mark.parametrize(
    ("fault", "sent_again"), [(httpx.ConnectError, True), (httpx.ReadError, False)]
)
async def test_what_has_no_key_is_sent_again_only_when_it_never_left(
    fault: type[httpx.TransportError], sent_again: bool
) -> None:
    caller = services_with(failing(1, httpx.Response(200, json={}), fault)).asked_by(None)
    sending = caller.sent("catalog", "POST", "/x", only_unsent=True)

    if sent_again:
        assert (await sending).status_code == 200
    else:
        with pytest.raises(ServiceUnreachable):
            await sending
