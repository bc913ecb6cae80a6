"""Going live, members, numbers, and what a part that is down looks like."""

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest

from libs.runtime.http import person_token
from services.admin.tests.builders import (
    GRANT_ID,
    LIVE_ID,
    MEMBER_ID,
    SPACE_ID,
    STREAM_ID,
    a_member,
    a_space,
    a_stream,
)
from services.admin.tests.conftest import PERSON, SECRET, Browser
from services.admin.tests.fakes import FakeServices


async def test_the_stage_is_there_while_the_experience_is_on_air(
    browser: Browser, services: FakeServices
) -> None:
    services.answer(f"GET streaming/experiences/{LIVE_ID}/stream", a_stream())

    page = await browser.get("/admin/spaces/anna/experiences/live")

    assert f'data-source="/api/experiences/{LIVE_ID}/stream-token" data-role="host"' in page.text
    assert 'src="/static/dist/watch.js"' in page.text
    assert "Recording</dt><dd>Requested" in page.text
    assert "camera=(self), microphone=(self)" in page.headers["permissions-policy"]
    assert (
        "connect-src 'self' http://localhost:7880 ws://localhost:7880"
        in page.headers["content-security-policy"]
    )


async def test_going_live_and_ending_are_one_command_each(
    browser: Browser, services: FakeServices
) -> None:
    services.answer(f"POST streaming/experiences/{LIVE_ID}/streams", a_stream(), 201)
    services.answer(f"POST streaming/streams/{STREAM_ID}/end", a_stream("ended"))
    stage = "/admin/spaces/anna/experiences/live"

    begun = await browser.send(f"{stage}/go-live", experience_id=LIVE_ID)
    ended = await browser.send(f"{stage}/end", stream_id=STREAM_ID)

    assert begun.headers["location"] == stage
    assert ended.headers["location"] == f"{stage}?done=stream-ended"
    assert [call for call, _ in services.sent()] == [
        f"POST streaming/experiences/{LIVE_ID}/streams",
        f"POST streaming/streams/{STREAM_ID}/end",
    ]


@pytest.mark.parametrize(
    ("video", "sentence"),
    [
        (
            {"state": "preparing", "about_minutes": 4, "progress": "compiling"},
            "The video server is being prepared: about 4 minutes, once.",
        ),
        ({"state": "preparing", "about_minutes": None}, "The video server is starting."),
        ({"state": "absent"}, "This installation has no video server"),
    ],
)
async def test_the_stage_says_that_nobody_can_go_live_instead_of_offering_it(
    browser: Browser, services: FakeServices, video: dict[str, Any], sentence: str
) -> None:
    services.answer(f"GET streaming/experiences/{LIVE_ID}/stream", {"state": "off"})
    stage = "/admin/spaces/anna/experiences/live"

    services.answer("GET streaming/video-server", video)
    page = await browser.get(stage)
    services.answer("GET streaming/video-server", {"state": "ready"})
    later = await browser.get(stage)

    assert sentence in page.text
    assert "go-live" not in page.text
    assert ('http-equiv="refresh"' in page.text) is (video["state"] == "preparing")
    assert "go-live" in later.text
    assert "video server" not in later.text
    assert "refresh" not in later.text


async def test_going_live_too_early_is_told_at_once_on_the_stage(
    browser: Browser, services: FakeServices
) -> None:
    path = f"POST streaming/experiences/{LIVE_ID}/streams"
    services.refuse(path, 503, "video_server_not_ready")
    services.retry_after[path] = "60"

    page = await browser.send("/admin/spaces/anna/experiences/live/go-live", experience_id=LIVE_ID)

    assert page.status_code == 503
    assert "You can&#39;t go live yet: the video server is not ready." in page.text
    assert len(services.sent()) == 1


async def test_a_service_that_is_overloaded_for_a_moment_is_still_asked_again(
    browser: Browser, services: FakeServices
) -> None:
    path = f"POST streaming/experiences/{LIVE_ID}/streams"
    services.refuse(path, 503, "overloaded")
    services.retry_after[path] = "0"

    page = await browser.send("/admin/spaces/anna/experiences/live/go-live", experience_id=LIVE_ID)

    assert page.status_code == 503
    assert "Nothing of yours is lost" in page.text
    assert len(services.sent()) > 1


async def test_an_unknown_experience_is_not_there(browser: Browser) -> None:
    assert (await browser.get("/admin/spaces/anna/experiences/nope")).status_code == 404


async def test_members_are_ids_with_what_they_bought(
    browser: Browser, services: FakeServices
) -> None:
    purchase = {
        "person_id": MEMBER_ID,
        "pass_name": "Season",
        "total_minor": 1990,
        "currency": "EUR",
    }
    services.answer(f"GET checkout/spaces/{SPACE_ID}/purchases", [purchase])

    page = await browser.get("/admin/spaces/anna/members")

    assert f'<code title="{MEMBER_ID}">{MEMBER_ID[:8]}</code>' in page.text
    assert "Season · €19.90" in page.text
    assert "Concerts" in page.text


@pytest.mark.parametrize("failure", [None, "expired_or_canceled_card"])
async def test_a_refund_that_did_not_go_back_is_seen_beside_the_purchase(
    browser: Browser, services: FakeServices, failure: str | None
) -> None:
    purchase = {
        "person_id": MEMBER_ID,
        "pass_name": "Season",
        "total_minor": 1990,
        "currency": "EUR",
        "refund_failure": failure,
    }
    services.answer(f"GET checkout/spaces/{SPACE_ID}/purchases", [purchase])

    page = await browser.get("/admin/spaces/anna/members")

    told = "The card has expired or was cancelled. The buyer has not received the money."
    assert (told in page.text) is (failure is not None)


async def test_revoking_takes_every_standing_grant(
    browser: Browser, services: FakeServices
) -> None:
    other = str(uuid4())
    for grant in (GRANT_ID, other):
        services.answer(f"POST access/grants/{grant}/revoke", {})

    answer = await browser.send(
        "/admin/spaces/anna/members/revoke",
        grant_id=[GRANT_ID, other, "../../orders"],
        cause="abuse",
    )

    assert answer.headers["location"].endswith("?done=access-revoked")
    assert services.sent() == [
        (f"POST access/grants/{GRANT_ID}/revoke", {"cause": "abuse"}),
        (f"POST access/grants/{other}/revoke", {"cause": "abuse"}),
    ]


async def test_a_space_of_a_moment_ago_has_no_members_yet(
    browser: Browser, services: FakeServices
) -> None:
    services.refuse(f"GET access/spaces/{SPACE_ID}/members", 404, "space_not_found")

    page = await browser.get("/admin/spaces/anna/members")

    assert (page.status_code, "Nobody has access yet." in page.text) == (200, True)


async def test_someone_who_was_revoked_has_no_button(
    browser: Browser, services: FakeServices
) -> None:
    revoked = a_member(status="revoked", grants=[{"grant_id": GRANT_ID, "status": "revoked"}])
    services.answer(f"GET access/spaces/{SPACE_ID}/members", [revoked])

    page = await browser.get("/admin/spaces/anna/members")

    assert "Revoke the access" not in page.text


async def test_numbers_are_shown_for_each_currency(
    browser: Browser, services: FakeServices
) -> None:
    def sold(currency: str, exponent: int) -> dict[str, Any]:
        money = {"gross_minor": 5000, "refunds_minor": 1000, "net_minor": 4000}
        return money | {"currency": currency, "currency_exponent": exponent, "purchases": 3}

    numbers = {"currencies": [sold("EUR", 2), sold("JPY", 0)], "passes": []}
    services.answer(f"GET checkout/spaces/{SPACE_ID}/numbers", numbers)

    page = await browser.get("/admin/spaces/anna")

    assert "<span>€40.00</span><small>EUR from 3 purchases</small>" in page.text
    assert "<span>¥4,000</span>" in page.text
    assert 'title="€50.00 paid \u2212 €10.00 refunded' in page.text


async def test_a_part_that_is_down_does_not_take_the_overview_with_it(
    browser: Browser, services: FakeServices
) -> None:
    down = httpx.ConnectError("down")
    services.answer(f"GET checkout/spaces/{SPACE_ID}/numbers", down)
    services.answer(f"GET streaming/experiences/{LIVE_ID}/stream", down)

    assert (await browser.get("/admin/spaces/anna")).status_code == 200


async def test_a_catalog_that_is_down_is_a_sentence_and_a_second_try(
    browser: Browser, services: FakeServices
) -> None:
    services.answer("GET catalog/spaces/anna", httpx.ConnectError("down"))

    page = await browser.get("/admin/spaces/anna")

    assert (page.status_code, page.headers["retry-after"]) == (503, "2")
    assert "Nothing of yours is lost" in page.text
    assert len(services.asked) > 1


async def test_a_restart_of_the_catalog_is_not_seen(
    browser: Browser, services: FakeServices
) -> None:
    space = a_space()
    replies: list[Any] = [(503, {"code": "store_unavailable"}), (200, space)]
    original = services._handle

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/spaces/anna" and replies:
            status, body = replies.pop(0)
            services.answer("GET catalog/spaces/anna", body, status)
        return original(request)

    for client in browser.http._transport.app.state.edge.services.by_name.values():  # type: ignore[attr-defined]
        client._transport.handler = handle

    assert (await browser.get("/admin/spaces/anna")).status_code == 200


async def test_a_person_token_that_ran_out_leads_to_sign_in(browser: Browser) -> None:
    answer = await browser.http.get("/admin", headers={"Authorization": "Bearer a.b.c"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/admin")


async def test_static_files_are_cached_by_their_content(browser: Browser) -> None:
    page = await browser.get("/admin")
    addresses = re.findall(r'href="(/admin/static/\w+\.css\?v=\w{16})"', page.text)

    files = [await browser.get(each) for each in addresses]
    older = await browser.get("/admin/static/admin.css?v=0000000000000000")
    outside = await browser.get("/admin/static/..%2fsettings.py")

    assert len(files) == 3
    for file in files:
        assert "immutable" in file.headers["cache-control"]
        assert file.headers["content-type"].startswith("text/css")
    assert older.headers["cache-control"] == "no-cache"
    assert outside.status_code == 404


async def test_a_body_that_is_too_large_is_refused(browser: Browser) -> None:
    answer = await browser.send("/admin/profile", bio="x" * 1_100_000)

    assert answer.status_code == 413


async def test_services_are_asked_in_the_name_of_the_person(
    browser: Browser, services: FakeServices
) -> None:
    await browser.get("/admin/spaces/anna")

    tokens = {each.headers["authorization"].removeprefix("Bearer ") for each in services.asked}
    (token,) = tokens
    assert person_token.read(SECRET, token).id == PERSON


async def test_it_says_that_it_is_ready(browser: Browser) -> None:
    assert (await browser.http.get("/health")).json()["status"] == "ready"
