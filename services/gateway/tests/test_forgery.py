"""What another site makes a browser send is refused, and nothing reaches a service."""

from typing import Any

import pytest

from libs.web import csrf
from services.gateway.tests.builders import CSRF_SECRET, HTTP, TOKEN, gateway, world

FORMS = [
    "/sign-in",
    "/sign-in/code",
    "/sign-out",
    "/@mara/follow",
    "/@mara/unfollow",
    "/studio/season/purchase",
    "/account/profile",
    "/account/sessions/1/end",
    "/account/sessions/end-all",
    "/account/notices/1/read",
]
OTHER_SITES = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


def unsafe(fakes: Any) -> list[str]:
    return [each.path for each in fakes.asked if each.method != "GET"]


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "token", ["", "wrong", csrf.token_for(CSRF_SECRET, "another session"), "\N{SNOWMAN}"]
)
async def test_a_form_without_the_token_of_this_session_is_refused(path: str, token: str) -> None:
    async with gateway() as browser:
        browser.sign_in()

        answer = await browser.post(path, data={"csrf_token": token})

        assert answer.status_code == 403
        assert "too old" in answer.text
        assert unsafe(browser.fakes) == []


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("headers", OTHER_SITES)
async def test_a_form_from_another_site_is_refused_even_with_the_token(
    path: str, headers: dict[str, str]
) -> None:
    async with gateway() as browser:
        browser.sign_in()

        answer = await browser.post(path, data={"csrf_token": browser.csrf_token}, headers=headers)

        assert answer.status_code == 403
        assert unsafe(browser.fakes) == []


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": HTTP}, {"Sec-Fetch-Site": "same-origin"}, {"X-CSRF-Token": ""}]
)
async def test_a_form_of_our_own_page_is_taken(headers: dict[str, str]) -> None:
    fakes = world()
    fakes.on("identity", "PATCH /people/me", {})
    async with gateway(fakes) as browser:
        browser.sign_in()

        answer = await browser.post(
            "/account/profile",
            data={"csrf_token": browser.csrf_token, "display_name": "Ada"},
            headers=headers,
        )

        assert answer.status_code == 303
        assert fakes.calls("identity", "PATCH /people/me")[0].json == {"display_name": "Ada"}


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-CSRF-Token": "wrong"}, *OTHER_SITES],
)
async def test_a_call_of_the_api_by_cookie_needs_the_token_and_our_origin(
    headers: dict[str, str],
) -> None:
    async with gateway() as browser:
        browser.sign_in()
        token = {"X-CSRF-Token": browser.csrf_token} if headers in OTHER_SITES else {}

        answer = await browser.post(
            "/api/orders", json={"pass_id": "1"}, headers={"Idempotency-Key": "k"} | token | headers
        )

        assert answer.status_code == 403
        assert answer.json()["code"] == "forged_request"
        assert unsafe(browser.fakes) == []


async def test_a_call_of_the_api_by_our_own_script_is_taken() -> None:
    fakes = world()
    fakes.on("checkout", "POST /orders", {"order_id": "1"}, 201)
    async with gateway(fakes) as browser:
        browser.sign_in()

        answer = await browser.post(
            "/api/orders",
            json={"pass_id": "1"},
            headers={"Idempotency-Key": "k", "X-CSRF-Token": browser.csrf_token, "Origin": HTTP},
        )

        assert answer.status_code == 201
        assert fakes.calls("checkout", "POST /orders")[0].headers["idempotency-key"] == "k"


async def test_the_token_in_a_header_needs_no_csrf_token_and_cookies_beside_it_count_for_nothing(
) -> None:  # fmt: skip
    fakes = world()
    fakes.on("checkout", "POST /orders", {"order_id": "1"}, 201)
    async with gateway(fakes) as browser:
        headers = {"Idempotency-Key": "k", "Authorization": f"Bearer {TOKEN}"}
        good = await browser.post("/api/orders", json={"pass_id": "1"}, headers=headers)
        browser.sign_in()
        headers["Authorization"] = "Bearer forged"
        forged = await browser.post("/api/orders", json={"pass_id": "1"}, headers=headers)

        assert good.status_code == 201
        assert forged.status_code == 401


async def test_signing_in_by_another_sites_script_is_refused() -> None:
    fakes = world()
    fakes.on("identity", "POST /sessions", {"session_token": "x"}, 201)
    async with gateway(fakes) as browser:
        for headers in OTHER_SITES:
            answer = await browser.post(
                "/api/sessions", json={"email": "a@b.org", "code": "1"}, headers=headers
            )
            assert answer.status_code == 403
        assert unsafe(fakes) == []


async def test_the_admin_is_not_reached_by_another_sites_form() -> None:
    async with gateway() as browser:
        browser.sign_in()
        for headers in OTHER_SITES:
            answer = await browser.post("/admin/spaces", data={"a": "b"}, headers=headers)
            assert answer.status_code == 403
        assert not [each for each in browser.fakes.asked if each.service == "admin"]
