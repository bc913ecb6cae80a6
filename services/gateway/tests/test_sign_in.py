"""Signing in and out: the session cookie, the browser's id, the way back."""

import httpx
import pytest

from services.gateway.tests.builders import (
    HTTP,
    SESSION,
    TOKEN,
    Browser,
    form_fields,
    gateway,
    world,
)
from services.gateway.tests.fakes import FakeServices
from services.gateway.visit import local_path


def signing_in() -> FakeServices:
    fakes = world()
    fakes.on("identity", "POST /sign-in-codes", {}, 202)
    started = {"session_token": "b" * 64, "session_id": "1", "person_id": "2"}
    fakes.on("identity", "POST /sessions", started, 201)
    fakes.on("identity", f"DELETE /sessions/{SESSION}", None, 204)
    return fakes


async def typed(browser: Browser, **fields: str) -> httpx.Response:
    """Go through both forms as a person does."""
    page = await browser.get("/sign-in?next=/studio/season")
    given = form_fields(page, "/sign-in") | {"email": "ada@example.org"}
    asked = await browser.post("/sign-in", data=given)
    assert asked.status_code == 200
    return await browser.post(
        "/sign-in/code", data=form_fields(asked, "/sign-in/code") | {"code": "123 456"} | fields
    )


async def test_six_digits_sign_in_and_lead_back_to_where_one_was_going() -> None:
    async with gateway(signing_in()) as browser:
        answer = await typed(browser)

        assert (answer.status_code, answer.headers["location"]) == (303, "/studio/season")
        assert browser.cookies["session"] == "b" * 64
        [asked] = browser.fakes.calls("identity", "POST /sign-in-codes")
        [signed] = browser.fakes.calls("identity", "POST /sessions")
        assert asked.json["browser_id"] == signed.json["browser_id"]
        assert signed.json["code"] == "123456"
        assert asked.headers["idempotency-key"] != signed.headers["idempotency-key"]


async def test_the_browser_has_another_id_once_it_is_signed_in() -> None:
    async with gateway(signing_in()) as browser:
        await browser.get("/sign-in")
        before = browser.cookies["browser"]

        await typed(browser)

        assert browser.cookies["browser"] != before


async def test_a_session_that_was_open_before_ends_at_sign_in() -> None:
    async with gateway(signing_in()) as browser:
        browser.sign_in()
        await browser.post(
            "/sign-in/code",
            data={"csrf_token": browser.csrf_token, "email": "eve@example.org", "code": "1"},
        )

        assert browser.fakes.calls("identity", f"DELETE /sessions/{SESSION}")


@pytest.mark.parametrize(
    ("public_url", "names", "secure"),
    [
        (HTTP, {"session", "browser"}, False),
        ("https://pass.example", {"__Host-session", "__Host-browser"}, True),
    ],
)
async def test_cookies_are_for_this_host_alone_and_not_for_scripts(
    public_url: str, names: set[str], secure: bool
) -> None:
    async with gateway(signing_in(), public_url=public_url) as browser:
        answer = await typed(browser)

        cookies = [c.lower() for c in answer.headers.get_list("set-cookie")]
        assert {c.partition("=")[0] for c in cookies} == {n.lower() for n in names}
        for cookie in cookies:
            assert "httponly" in cookie
            assert "samesite=lax" in cookie
            assert "path=/;" in cookie
            assert "domain" not in cookie
            assert ("secure" in cookie) is secure


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (422, "wrong_code", "not the right code"),
        (422, "code_expired", "too old"),
        (422, "code_burned", "wrong too often"),
        (429, "too_many_tries", "up to an hour"),
    ],
)
async def test_a_refused_code_is_told_beside_the_field(
    status: int, code: str, sentence: str
) -> None:
    fakes = signing_in()
    fakes.refuse("identity", "POST /sessions", status, code)
    async with gateway(fakes) as browser:
        answer = await typed(browser)

        assert answer.status_code == status
        assert sentence in answer.text
        assert 'autocomplete="one-time-code"' in answer.text
        assert "session" not in browser.cookies


async def test_too_many_codes_say_when_to_come_back() -> None:
    fakes = signing_in()
    fakes.refuse("identity", "POST /sign-in-codes", 429, "too_many_codes", retry_after="2400")
    async with gateway(fakes) as browser:
        page = await browser.get("/sign-in")
        fields = form_fields(page, "/sign-in") | {"email": "ada@example.org"}
        answer = await browser.post("/sign-in", data=fields)

        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "2400"
        assert "Too many codes" in answer.text


async def test_who_is_signed_in_is_not_asked_again() -> None:
    async with gateway() as browser:
        browser.sign_in()

        answer = await browser.get("/sign-in?next=/account")

        assert answer.headers["location"] == "/account"


async def test_signing_out_ends_the_session_and_takes_the_cookie() -> None:
    async with gateway(signing_in()) as browser:
        browser.sign_in()

        answer = await browser.send_form("/sign-out")

        assert browser.fakes.calls("identity", f"DELETE /sessions/{SESSION}")
        assert 'session=""' in answer.headers["set-cookie"]


@pytest.mark.parametrize("token", ["forged", "b" * 64, "a" * 65, "\N{SNOWMAN}".encode().hex()])
async def test_a_forged_cookie_is_no_one_and_is_taken_away(token: str) -> None:
    async with gateway() as browser:
        browser.cookies.set("session", token)

        answer = await browser.get("/")

        assert answer.status_code == 200
        assert "Sign in" in answer.text
        assert any('session=""' in c for c in answer.headers.get_list("set-cookie"))


@pytest.mark.parametrize(
    ("wanted", "then"),
    [
        ("/studio/season?buy=1", "/studio/season?buy=1"),
        ("/", "/"),
        ("", "/"),
        (None, "/"),
        ("studio", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/x\\..", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("/\t/evil.example", "/"),
    ],
)
def test_one_is_led_back_to_a_page_of_ours_alone(wanted: str | None, then: str) -> None:
    assert local_path(wanted) == then


async def test_the_code_page_does_not_run_what_was_typed() -> None:
    async with gateway(signing_in()) as browser:
        page = await browser.get('/sign-in?next=/"><script>alert(1)</script>')
        fields = form_fields(page, "/sign-in") | {"email": "<script>alert(2)</script>@x.org"}
        asked = await browser.post("/sign-in", data=fields)

        assert "<script>alert" not in page.text
        assert "<script>alert" not in asked.text


async def test_an_app_signs_in_by_json_and_asks_with_its_token() -> None:
    async with gateway(signing_in()) as app:
        device = {"X-Browser-Id": "the app's own id"}
        asked = await app.post(
            "/api/sign-in-codes", json={"email": "ada@example.org"}, headers=device
        )
        signed = await app.post(
            "/api/sessions", json={"email": "ada@example.org", "code": "123456"}, headers=device
        )
        app.cookies.clear()
        app.fakes.on("identity", "PATCH /people/me", {"display_name": "Ada"})
        changed = await app.patch(
            "/api/me", json={"display_name": "Ada"}, headers={"Authorization": f"Bearer {TOKEN}"}
        )

        assert (asked.status_code, signed.status_code) == (202, 201)
        assert signed.json()["session_token"] == "b" * 64
        assert app.fakes.calls("identity", "POST /sessions")[0].json["browser_id"]
        assert changed.status_code == 200
