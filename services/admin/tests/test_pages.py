"""The admin's pages as people meet them: signed out, strangers, every role, and bad input."""

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest

from libs.runtime import person_token
from services.admin.tests.builders import (
    GRANT_ID,
    LIVE_ID,
    MEMBER_ID,
    SPACE_ID,
    STREAM_ID,
    a_member,
    a_pass,
    a_space,
    a_stream,
    an_offer,
)
from services.admin.tests.conftest import PERSON, SECRET, Browser
from services.admin.tests.fakes import FakeServices

PAGES = [
    "/admin",
    "/admin/profile",
    "/admin/spaces/new",
    "/admin/spaces/anna",
    "/admin/spaces/anna/edit",
    "/admin/spaces/anna/members",
    "/admin/spaces/anna/team",
    "/admin/spaces/anna/experiences/new",
    "/admin/spaces/anna/experiences/live",
    "/admin/spaces/anna/experiences/chat",
    "/admin/spaces/anna/passes/new",
    "/admin/spaces/anna/passes/season",
    "/admin/spaces/anna/passes/season/edit",
]
FORMS = [
    "/admin/profile",
    "/admin/spaces/new",
    "/admin/spaces/anna/publish",
    "/admin/spaces/anna/edit",
    "/admin/spaces/anna/members/revoke",
    "/admin/spaces/anna/team/add",
    "/admin/spaces/anna/team/remove",
    "/admin/spaces/anna/experiences/new",
    "/admin/spaces/anna/experiences/live/go-live",
    "/admin/spaces/anna/experiences/live/end",
    "/admin/spaces/anna/passes/new",
    "/admin/spaces/anna/passes/season/edit",
    "/admin/spaces/anna/passes/season/publish",
    "/admin/spaces/anna/passes/season/archive",
]
OF_A_SPACE = [page for page in PAGES if page.startswith("/admin/spaces/anna")]
SEASON = {"name": "Season", "pricing_type": "one_time", "currency": "EUR", "price": "19.90"}


@pytest.mark.parametrize("page", PAGES)
async def test_whoever_is_not_signed_in_is_led_to_it_and_back(
    browser: Browser, services: FakeServices, page: str
) -> None:
    browser.person = None

    answer = await browser.get(page)

    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={page}")
    assert services.asked == []


@pytest.mark.parametrize("form", FORMS)
async def test_a_form_of_nobody_does_nothing(
    browser: Browser, services: FakeServices, form: str
) -> None:
    browser.person = None

    answer = await browser.send(form)

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/admin")
    assert services.asked == []


@pytest.mark.parametrize("form", FORMS)
async def test_an_empty_form_is_no_fault_of_ours(
    browser: Browser, services: FakeServices, form: str
) -> None:
    for method in ("POST", "PUT"):
        for address in ("spaces", "creator-profiles", "spaces/anna", "spaces/anna/experiences"):
            services.refuse(f"{method} catalog/{address}", 422, "invalid_request")

    answer = await browser.send(form)

    assert answer.status_code < 500, answer.text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("token", ["", "forged", "0" * 64])
async def test_a_form_from_elsewhere_does_nothing(
    browser: Browser, services: FakeServices, form: str, token: str
) -> None:
    answer = await browser.send(form, csrf_token=token, **SEASON)

    assert answer.status_code == 403
    assert "no longer valid" in answer.text
    assert services.sent() == []


async def test_a_form_of_another_session_does_nothing(
    browser: Browser, services: FakeServices
) -> None:
    page = await browser.get("/admin/spaces/anna")
    token = re.search(r'name="csrf-token" content="(\w+)"', page.text)
    assert token is not None
    browser.session = "session-2"

    answer = await browser.send("/admin/spaces/anna/publish", csrf_token=token[1])

    assert answer.status_code == 403
    assert services.sent() == []


@pytest.mark.parametrize("page", PAGES)
async def test_every_page_is_whole_private_and_escaped(browser: Browser, page: str) -> None:
    answer = await browser.get(page)

    assert answer.status_code == 200, answer.text
    assert answer.text.rstrip().endswith("</html>")
    assert "<plays>" not in answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?! src)|<style| style=| on\w+=", answer.text)


@pytest.mark.parametrize("page", OF_A_SPACE)
@pytest.mark.parametrize("role", ["admin", "collaborator", "moderator", "support", "analyst"])
async def test_every_role_of_the_team_sees_the_pages(
    browser: Browser, services: FakeServices, page: str, role: str
) -> None:
    services.answer("GET catalog/spaces/anna", a_space(role=role))

    assert (await browser.get(page)).status_code == 200


@pytest.mark.parametrize("page", OF_A_SPACE)
async def test_a_stranger_sees_no_page_of_a_space_that_everyone_knows(
    browser: Browser, services: FakeServices, page: str
) -> None:
    services.answer("GET catalog/spaces/anna", a_space(role=None))
    services.answer("GET catalog/spaces/anna/passes/season", a_pass(draft=None))

    answer = await browser.get(page)

    assert answer.status_code == 403
    assert "Not for you" in answer.text


@pytest.mark.parametrize("page", OF_A_SPACE)
async def test_another_creators_draft_is_not_there(
    browser: Browser, services: FakeServices, page: str
) -> None:
    services.refuse("GET catalog/spaces/anna", 404, "space_not_found")
    services.refuse("GET catalog/spaces/anna/passes/season", 404, "space_not_found")

    assert (await browser.get(page)).status_code == 404


@pytest.mark.parametrize("form", [form for form in FORMS if "/anna/" in form])
async def test_what_a_role_may_not_do_is_said_and_not_hidden(
    browser: Browser, services: FakeServices, form: str
) -> None:
    for method in ("POST", "PUT", "DELETE"):
        for address in (
            "catalog/spaces/anna",
            "catalog/spaces/anna/publish",
            "catalog/spaces/anna/team",
            f"catalog/spaces/anna/team/{MEMBER_ID}",
            "catalog/spaces/anna/experiences",
            "catalog/spaces/anna/passes",
            "catalog/spaces/anna/passes/season",
            "catalog/spaces/anna/passes/season/publish",
            "catalog/spaces/anna/passes/season/archive",
            f"streaming/experiences/{LIVE_ID}/streams",
            f"streaming/streams/{STREAM_ID}/end",
            f"access/grants/{GRANT_ID}/revoke",
        ):
            services.refuse(f"{method} {address}", 403, "role_too_small")

    answer = await browser.send(
        form,
        **SEASON,
        experience_id=LIVE_ID,
        stream_id=STREAM_ID,
        grant_id=GRANT_ID,
        person_id=MEMBER_ID,
    )

    assert answer.status_code == 403
    assert "Your role in this space" in answer.text


async def test_the_first_page_leads_through_the_first_steps(
    browser: Browser, services: FakeServices
) -> None:
    services.answer("GET catalog/spaces/mine", [])

    page = await browser.get("/admin")

    assert "Welcome backstage" in page.text
    assert 'href="/admin/profile"' in page.text


@pytest.mark.parametrize("name", ["%2e%2e", "a%3Fb", "a%23b", "A", "a%2Fb", "%00"])
async def test_what_can_be_no_name_is_not_passed_on(
    browser: Browser, services: FakeServices, name: str
) -> None:
    answer = await browser.get(f"/admin/spaces/anna/passes/{name}")

    assert answer.status_code == 404
    assert services.asked == []


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ("/admin/spaces/anna/team/remove", "person_id"),
        ("/admin/spaces/anna/experiences/live/go-live", "experience_id"),
        ("/admin/spaces/anna/experiences/live/end", "stream_id"),
    ],
)
async def test_an_id_that_is_none_is_not_passed_on(
    browser: Browser, services: FakeServices, form: str, field: str
) -> None:
    answer = await browser.send(form, **{field: "../../spaces/bert/publish"})

    assert answer.status_code == 403
    assert services.asked == []


async def test_a_profile_is_opened_with_what_was_typed(
    browser: Browser, services: FakeServices
) -> None:
    services.answer("POST catalog/creator-profiles", {"id": MEMBER_ID}, 201)

    answer = await browser.send("/admin/profile", username=" Anna ", display_name="A", bio="")

    assert answer.headers["location"] == "/admin?done=profile-opened"
    body = {"username": "anna", "display_name": "A", "bio": ""}
    assert services.sent() == [("POST catalog/creator-profiles", body)]


async def test_a_refused_field_keeps_what_was_typed_with_the_sentence_beside_it(
    browser: Browser, services: FakeServices
) -> None:
    error = {"field": "slug", "code": "slug_taken", "message": "This address is taken!"}
    services.refuse("POST catalog/spaces", 409, "slug_taken", error)

    page = await browser.send(
        "/admin/spaces/new",
        name="Ümit & Co",
        slug="",
        description="d",
        currency="JPY",
        time_zone="Asia/Tokyo",
        visibility="private",
    )

    assert page.status_code == 409
    assert '<p class="error" id="slug-error">This address is taken!</p>' in page.text
    assert 'value="Ümit &amp; Co"' in page.text
    assert 'value="umit-co"' in page.text
    assert "<option selected>JPY</option>" in page.text
    assert '<option value="Asia/Tokyo" selected>' in page.text
    assert '<option value="private" selected>' in page.text


async def test_a_price_that_is_none_keeps_what_was_typed_and_asks_nobody(
    browser: Browser, services: FakeServices
) -> None:
    page = await browser.send("/admin/spaces/anna/passes/new", **SEASON | {"price": "19.999"})

    assert page.status_code == 422
    assert 'value="19.999"' in page.text
    assert "This currency has 2 decimals at most." in page.text
    assert services.sent() == []


async def test_what_the_catalog_says_of_the_terms_stands_beside_our_fields(
    browser: Browser, services: FakeServices
) -> None:
    services.refuse(
        "POST catalog/spaces/anna/passes",
        422,
        "invalid_request",
        {"field": "terms.price_minor", "message": "about the price"},
        {"field": "terms.redirect_url", "message": "about the address"},
        {"field": "terms.waitlist_questions.1", "message": "about the second question"},
    )

    page = await browser.send("/admin/spaces/anna/passes/new", **SEASON)

    for name, text in (
        ("price", "about the price"),
        ("redirect_url", "about the address"),
        ("question_1", "about the second question"),
    ):
        assert f'<p class="error" id="{name}-error">{text}</p>' in page.text
    assert '<details class="panel" open>' in page.text


async def test_a_new_pass_is_drafted_in_minor_units(
    browser: Browser, services: FakeServices
) -> None:
    services.answer("POST catalog/spaces/anna/passes", {"slug": "season"}, 201)

    answer = await browser.send("/admin/spaces/anna/passes/new", **SEASON, experience_ids=LIVE_ID)

    assert answer.headers["location"] == "/admin/spaces/anna/passes/season?done=pass-drafted"
    (call, body), *rest = services.sent()
    assert (call, rest) == ("POST catalog/spaces/anna/passes", [])
    assert (body["slug"], body["terms"]["price_minor"]) == ("season", 1990)
    assert body["experience_ids"] == [LIVE_ID]


async def test_a_double_click_sends_the_same_key(browser: Browser, services: FakeServices) -> None:
    services.answer("POST catalog/spaces/anna/passes", {"slug": "season"}, 201)
    key = str(uuid4())

    for _ in range(2):
        await browser.send("/admin/spaces/anna/passes/new", **SEASON, idempotency_key=key)

    keys = [each.headers["idempotency-key"] for each in services.asked if each.method == "POST"]
    assert len(keys) == 2
    assert len(set(keys)) == 1


async def test_two_editors_of_a_pass_see_each_other(
    browser: Browser, services: FakeServices
) -> None:
    services.refuse("PUT catalog/spaces/anna/passes/season", 409, "changed_meanwhile")
    services.answer(
        "GET catalog/spaces/anna/passes/season", a_pass(draft=an_offer(name="Theirs"), version=9)
    )

    page = await browser.send(
        "/admin/spaces/anna/passes/season/edit", **SEASON | {"name": "Ours"}, expected_version="8"
    )

    assert page.status_code == 409
    assert "Somebody else changed this" in page.text
    assert 'value="Ours"' in page.text
    assert "<q>Theirs</q>" in page.text
    assert 'name="expected_version" value="9"' in page.text
    assert services.sent()[0][1]["expected_version"] == 8


async def test_two_editors_of_a_space_see_each_other(
    browser: Browser, services: FakeServices
) -> None:
    services.refuse("PUT catalog/spaces/anna", 409, "changed_meanwhile")

    page = await browser.send(
        "/admin/spaces/anna/edit",
        name="Ours",
        description="",
        time_zone="Europe/Vienna",
        visibility="public",
        expected_version="3",
    )

    assert page.status_code == 409
    assert "<q>Anna &lt;plays&gt;</q>" in page.text
    assert 'name="expected_version" value="4"' in page.text


async def test_a_pass_is_published_as_it_was_seen(browser: Browser, services: FakeServices) -> None:
    services.answer("POST catalog/spaces/anna/passes/season/publish", {})

    answer = await browser.send("/admin/spaces/anna/passes/season/publish", expected_version="2")

    assert answer.headers["location"].endswith("?done=pass-published")
    assert services.sent()[0][1] == {"expected_version": 2}


async def test_the_checklist_of_a_draft_is_shown_and_closes_the_button(
    browser: Browser, services: FakeServices
) -> None:
    point = {"code": "no_experience", "message": "Choose at least one experience."}
    services.answer(
        "GET catalog/spaces/anna/passes/season",
        a_pass(status="draft", version_number=0, has_changes=True, checklist=[point]),
    )

    page = await browser.get("/admin/spaces/anna/passes/season")

    assert '<li class="open">Choose at least one experience.</li>' in page.text
    assert "disabled>Publish version 1" in page.text


async def test_the_stage_is_there_while_the_experience_is_on_air(
    browser: Browser, services: FakeServices
) -> None:
    services.answer(f"GET streaming/experiences/{LIVE_ID}/stream", a_stream())

    page = await browser.get("/admin/spaces/anna/experiences/live")

    assert f'data-source="/api/experiences/{LIVE_ID}/stream-token" data-role="host"' in page.text
    assert 'src="/static/dist/watch.js"' in page.text
    assert "Recording</dt><dd>Requested" in page.text
    assert "camera=(self), microphone=(self)" in page.headers["permissions-policy"]
    assert "connect-src 'self' ws://localhost:7880" in page.headers["content-security-policy"]


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
    assert "Nothing is lost" in page.text
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

    for client in browser.http._transport.app.state.services.by_name.values():  # type: ignore[attr-defined]
        client._transport.handler = handle

    assert (await browser.get("/admin/spaces/anna")).status_code == 200


async def test_a_person_token_that_ran_out_leads_to_sign_in(browser: Browser) -> None:
    answer = await browser.http.get("/admin", headers={"Authorization": "Bearer a.b.c"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/admin")


async def test_static_files_are_cached_by_their_content(browser: Browser) -> None:
    page = await browser.get("/admin")
    address = re.search(r'href="(/admin/static/\w+/admin\.css)"', page.text)
    assert address is not None

    file = await browser.get(address[1])
    other = await browser.get("/admin/static/0000000000000000/admin.css")
    outside = await browser.get("/admin/static/0000000000000000/..%2fsettings.py")

    assert "immutable" in file.headers["cache-control"]
    assert file.headers["content-type"].startswith("text/css")
    assert (other.status_code, outside.status_code) == (404, 404)


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
