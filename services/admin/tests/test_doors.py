"""Who may see and send what: signed out, strangers, every role, forged forms."""

import re

import pytest

from libs.web import csrf
from services.admin.tests.builders import (
    GRANT_ID,
    LIVE_ID,
    MEMBER_ID,
    STREAM_ID,
    a_pass,
    a_space,
)
from services.admin.tests.conftest import CSRF, Browser
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
    assert "This page was too old" in answer.text
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


async def test_a_form_in_an_encoding_of_its_own_is_no_fault_of_ours(browser: Browser) -> None:
    for token in (csrf.token_for(CSRF, browser.session), r"\ud800"):
        parts = "".join(
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in {"csrf_token": token, "name": r"\ud800", "slug": r"\ud800"}.items()
        )

        answer = await browser.http.post(
            "/admin/spaces/new",
            content=f"{parts}--x--\r\n".encode(),
            headers=browser.headers
            | {"Content-Type": "multipart/form-data; boundary=x; charset=unicode_escape"},
        )

        assert 400 <= answer.status_code < 500
