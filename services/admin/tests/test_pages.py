"""Forms as people fill them in: what reaches the catalog, and what is told beside a field."""

from uuid import uuid4

import pytest

from services.admin.tests.builders import (
    LIVE_ID,
    MEMBER_ID,
    a_pass,
    an_offer,
)
from services.admin.tests.conftest import Browser
from services.admin.tests.fakes import FakeServices

SEASON = {"name": "Season", "pricing_type": "one_time", "currency": "EUR", "price": "19.90"}


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
    assert '<option value="JPY" selected>JPY</option>' in page.text
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
