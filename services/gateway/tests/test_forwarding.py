"""What is passed on: webhooks byte by byte, the admin with the person, the API as it is."""

from uuid import UUID

import pytest

from libs.runtime.http import person_token
from services.gateway.tests.builders import (
    CSRF_SECRET,
    LIVE,
    NOW,
    PERSON,
    PERSON_SECRET,
    TOKEN,
    gateway,
    world,
)

BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("provider", "service", "signature"),
    [("stripe", "checkout", "stripe-signature"), ("livekit", "streaming", "authorization")],
)
async def test_a_webhook_reaches_its_service_byte_by_byte_with_its_signature(
    provider: str, service: str, signature: str
) -> None:
    fakes = world()
    fakes.on(service, f"POST /webhooks/{provider}", {"status": "stored"})
    body = b'{ "id": "evt_1",\r\n "x": "\xc3\xa4" }'
    async with gateway(fakes) as sender:
        answer = await sender.post(
            f"/webhooks/{provider}",
            content=body,
            headers={signature: "t=1,v1=abc", "Content-Type": "application/json", "Cookie": "a=b"},
        )

        [asked] = fakes.calls(service, f"POST /webhooks/{provider}")
        assert answer.status_code == 200
        assert asked.body == body
        assert asked.headers[signature] == "t=1,v1=abc"
        assert "cookie" not in asked.headers


@pytest.mark.parametrize("status", [400, 401, 413])
async def test_what_a_service_says_to_a_forged_webhook_is_passed_back(status: int) -> None:
    fakes = world()
    fakes.refuse("checkout", "POST /webhooks/stripe", status, "bad_signature")
    async with gateway(fakes) as sender:
        answer = await sender.post("/webhooks/stripe", content=b"{}")

        assert answer.status_code == status


async def test_webhooks_of_others_and_huge_ones_are_refused_here() -> None:
    async with gateway() as sender:
        unknown = await sender.post("/webhooks/paypal", content=b"{}")
        huge = await sender.post("/webhooks/stripe", content=b" " * (1024 * 1024 + 1))

        assert unknown.status_code == 404
        assert huge.status_code == 413
        assert sender.fakes.asked == []


async def test_the_admin_gets_the_person_and_the_csrf_token_and_no_cookie() -> None:
    fakes = world()
    fakes.on("admin", "GET /admin/spaces/studio", "<h1>Studio</h1>", content_type="text/html")
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.get("/admin/spaces/studio?done=published&x=1&x=2")

        [asked] = fakes.calls("admin", "GET /admin/spaces/studio")
        signed = person_token.read(PERSON_SECRET, asked.headers["authorization"][7:], NOW)
        assert str(signed.id) == PERSON
        assert asked.headers["x-csrf-token"] == browser.csrf_token
        assert "cookie" not in asked.headers
        assert answer.text == "<h1>Studio</h1>"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_the_admin_is_told_nothing_of_who_only_says_who_they_are() -> None:
    fakes = world()
    fakes.on("admin", "GET /admin", None, 303, location="/sign-in?next=%2Fadmin")
    forged = person_token.sign(
        "another secret, long enough to be one", UUID(PERSON), "session", NOW
    )
    async with gateway(fakes) as browser:
        answer = await browser.get("/admin", headers={"Authorization": f"Bearer {forged}"})

        [asked] = fakes.calls("admin", "GET /admin")
        assert "authorization" not in asked.headers
        assert answer.headers["location"] == "/sign-in?next=%2Fadmin"


async def test_a_form_of_the_admin_is_passed_on_with_its_answer() -> None:
    fakes = world()
    fakes.on("admin", "POST /admin/spaces", None, 303, location="/admin/spaces/new")
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.post("/admin/spaces", data={"name": "A & B"})

        [asked] = fakes.calls("admin", "POST /admin/spaces")
        assert asked.body == b"name=A+%26+B"
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/spaces/new")


async def test_the_admins_own_policy_for_its_stage_is_kept() -> None:
    fakes = world()
    fakes.on(
        "admin",
        "GET /admin/stage",
        "x",
        content_security_policy="default-src 'self'",
        permissions_policy="camera=(self)",
    )
    async with gateway(fakes) as browser:
        answer = await browser.get("/admin/stage")

        assert answer.headers["content-security-policy"] == "default-src 'self'"
        assert answer.headers["permissions-policy"] == "camera=(self)"


async def test_one_click_unsubscribing_needs_neither_cookie_nor_token_of_ours() -> None:
    fakes = world()
    fakes.on("notifications", "POST /unsubscribe/abc", "<p>Done</p>", content_type="text/html")
    async with gateway(fakes) as mail_program:
        answer = await mail_program.post("/unsubscribe/abc", data={"List-Unsubscribe": "One-Click"})

        assert answer.text == "<p>Done</p>"
        [asked] = fakes.calls("notifications", "POST /unsubscribe/abc")
        assert asked.body == b"List-Unsubscribe=One-Click"


async def test_the_api_passes_answers_and_problems_on_as_they_are() -> None:
    fakes = world()
    fakes.on("catalog", "POST /spaces", {"space_id": "1", "version": 1}, 201)
    fakes.refuse("access", "POST /comps", 403, "not_on_team")
    async with gateway(fakes) as app:
        made = await app.post(
            "/api/spaces", json={"slug": "x"}, headers=BEARER | {"Idempotency-Key": "k"}
        )
        refused = await app.post("/api/comps", json={}, headers=BEARER)

        assert (made.status_code, made.json()) == (201, {"space_id": "1", "version": 1})
        [asked] = fakes.calls("catalog", "POST /spaces")
        assert asked.json == {"slug": "x"}
        assert asked.headers["idempotency-key"] == "k"
        assert (refused.status_code, refused.json()["code"]) == (403, "not_on_team")


async def test_the_api_passes_queries_on_and_names_in_paths() -> None:
    fakes = world()
    fakes.on("catalog", "GET /spaces/studio/passes/season", {"pass_id": "1"})
    async with gateway(fakes) as app:
        await app.get("/api/spaces?id=1&id=2")
        found = await app.get("/api/spaces/studio/passes/season")

        assert found.json() == {"pass_id": "1"}
        assert fakes.calls("catalog", "GET /spaces")


@pytest.mark.parametrize(
    "path", ["/api/spaces/..%2Fme", "/api/spaces/a%2Fb", "/api/notices/..%2f..%2fx/read"]
)
async def test_a_path_of_the_api_can_not_be_bent_to_another_route(path: str) -> None:
    async with gateway() as app:
        answer = await app.get(path)

        assert answer.status_code in {404, 405}
        assert all("me" not in each.path and "x" not in each.path for each in app.fakes.asked)


async def test_a_stream_token_is_asked_for_the_stream_on_air() -> None:
    fakes = world()
    state = {"state": "live", "stream_id": "5"}
    fakes.on("streaming", f"GET /experiences/{LIVE}/stream", state)
    fakes.on("streaming", "POST /streams/5/tokens", {"url": "ws://x", "token": "t", "room": "5"})
    async with gateway(fakes) as app:
        path = f"/api/experiences/{LIVE}/stream-token"
        answer = await app.post(path, json={"role": "viewer"}, headers=BEARER)

        assert answer.json()["token"] == "t"
        assert fakes.calls("streaming", "POST /streams/5/tokens")[0].json == {"role": "viewer"}


@pytest.mark.parametrize("state", ["off", "ended"])
async def test_without_a_stream_on_air_there_is_no_token(state: str) -> None:
    fakes = world()
    stream = {"state": state, "stream_id": None if state == "off" else "5"}
    fakes.on("streaming", f"GET /experiences/{LIVE}/stream", stream)
    async with gateway(fakes) as app:
        path = f"/api/experiences/{LIVE}/stream-token"
        answer = await app.post(path, json={"role": "viewer"}, headers=BEARER)

        assert (answer.status_code, answer.json()["code"]) == (409, "not_live")


async def test_without_access_the_streams_own_refusal_is_told() -> None:
    fakes = world()
    fakes.refuse("streaming", f"GET /experiences/{LIVE}/stream", 403, "no_access")
    async with gateway(fakes) as app:
        path = f"/api/experiences/{LIVE}/stream-token"
        answer = await app.post(path, json={"role": "host"}, headers=BEARER)
        wrong = await app.post(path, json={"role": "emperor"}, headers=BEARER)

        assert (answer.status_code, answer.json()["code"]) == (403, "no_access")
        assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_request")


async def test_answers_of_the_api_are_kept_by_no_cache_and_unknown_routes_are_problems() -> None:
    async with gateway() as app:
        known = await app.get("/api/spaces/studio")
        unknown = await app.get("/api/nothing/here")
        malformed = await app.post(
            "/api/orders",
            content=b"{",
            headers=BEARER | {"Content-Type": "application/json", "Idempotency-Key": "k"},
        )

        assert known.headers["cache-control"] == "no-store"
        assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
        assert (malformed.status_code, malformed.json()["code"]) == (400, "malformed_json")


async def test_the_api_describes_itself() -> None:
    async with gateway() as app:
        described = (await app.get("/api/openapi.json")).json()

        assert "/api/orders" in described["paths"]
        assert not [path for path in described["paths"] if not path.startswith("/api")]


async def test_secrets_are_not_what_a_page_shows() -> None:
    async with gateway() as browser:
        browser.sign_in()
        for path in ("/", "/account", "/studio/season"):
            page = await browser.get(path)
            for secret in (TOKEN, CSRF_SECRET, PERSON_SECRET):
                assert secret not in page.text


@pytest.mark.parametrize(
    ("may_enter", "told"), [(True, (200, "joining", None)), (False, (403, None, "no_access"))]
)
async def test_whom_the_chat_has_not_heard_of_joins_when_the_door_is_open_and_only_then(
    may_enter: bool, told: tuple[int, str | None, str | None]
) -> None:
    fakes = world()
    fakes.refuse("chat", f"GET /experiences/{LIVE}/chat", 403, "no_access")
    fakes.on("access", f"GET /experiences/{LIVE}/entry", {"allowed": may_enter, "because": "x"})
    async with gateway(fakes) as app:
        answer = await app.get(f"/api/experiences/{LIVE}/chat", headers=BEARER)

        seat = answer.json()
        assert (answer.status_code, seat.get("state"), seat.get("code")) == told
