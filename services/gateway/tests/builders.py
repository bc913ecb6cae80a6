"""What the services would answer, and a gateway in front of them."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
from fastapi import FastAPI

from libs.runtime.scheduling.clock import FixedClock
from libs.web import csrf
from services.gateway.app import build_edge, create_gateway
from services.gateway.settings import SERVICES, Settings
from services.gateway.tests.fakes import FakeServices

NOW = datetime.now(UTC)
PERSON = "0b6f2a52-0000-4000-8000-000000000001"
SESSION = "5e551011-0000-4000-8000-000000000001"
SPACE = "59ace000-0000-4000-8000-000000000001"
LIVE = "e1000000-0000-4000-8000-000000000001"
CHAT = "e2000000-0000-4000-8000-000000000002"
PASS = "9a550000-0000-4000-8000-000000000001"
VERSION = "9a550000-0000-4000-8000-0000000000f1"
ORDER = "0de00000-0000-4000-8000-000000000001"
MEMBERSHIP = "0e3be000-0000-4000-8000-000000000001"
TOKEN = "a" * 64
CSRF_SECRET = "the secret of csrf tokens in these tests"
PERSON_SECRET = "the secret of person tokens in these tests"
HTTP = "http://localhost:8000"


def settings(**changes: Any) -> Settings:
    urls = {f"{name}_url": f"http://{name}" for name in SERVICES}
    given: dict[str, Any] = {
        "http_port": 0,
        "public_url": HTTP,
        "person_token_secret": PERSON_SECRET,
        "csrf_secret": CSRF_SECRET,
        "stripe_js_url": "http://localhost:8020/stripe/js/v3/",
        "stripe_api_url": "http://localhost:8020/stripe",
        "stream_api_url": "http://localhost:8020/stream",
        "livekit_url": "ws://localhost:8040",
    }
    return Settings(**urls | given | changes)


class Browser(httpx.AsyncClient):
    """A browser at the gateway: keeps cookies, says where a form was shown."""

    fakes: FakeServices

    def sign_in(self) -> None:
        self.cookies.set("session", TOKEN)

    @property
    def csrf_token(self) -> str:
        return csrf.token_for(CSRF_SECRET, SESSION)

    async def send_form(self, path: str, **fields: str) -> httpx.Response:
        """As a form of our own page that is signed in."""
        return await self.post(path, data={"csrf_token": self.csrf_token} | fields)


@cache
def _app(is_https: bool) -> FastAPI:
    """The routes are built once; what they work with is another in each test."""
    url = "https://pass.example" if is_https else HTTP
    services = FakeServices().services()
    return create_gateway(build_edge(settings(public_url=url), services, FixedClock(NOW)))


@asynccontextmanager
async def gateway(fakes: FakeServices | None = None, **changes: Any) -> AsyncIterator[Browser]:
    fakes = fakes or world()
    chosen = settings(**changes)
    app = _app(chosen.is_https)
    app.state.edge = build_edge(chosen, fakes.services(), FixedClock(NOW))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with Browser(transport=transport, base_url=chosen.public_url) as browser:
        browser.fakes = fakes
        yield browser


def form_fields(page: httpx.Response, action: str) -> dict[str, str]:
    """The hidden fields of the form that is sent to this address."""
    [form] = re.findall(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page.text, re.DOTALL)
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return dict(fields)


def experience(id_: str, slug: str, kind: str) -> dict[str, Any]:
    return {
        "experience_id": id_,
        "space_id": SPACE,
        "slug": slug,
        "name": slug.title(),
        "kind": kind,
    }


def terms(**changes: Any) -> dict[str, Any]:
    return {
        "pricing_type": "one_time",
        "currency": "EUR",
        "currency_exponent": 2,
        "price_minor": 1990,
        "initial_fee_minor": 0,
        "billing_period": "lifetime",
        "trial_days": 0,
        "auto_expire_at": None,
        "expires_after_days": None,
        "sale_starts_at": None,
        "sale_ends_at": None,
        "refund_policy": "",
    } | changes


def a_pass(**changes: Any) -> dict[str, Any]:
    return {
        "pass_id": PASS,
        "space_id": SPACE,
        "slug": "season",
        "name": "Season pass",
        "description": "Every session.",
        "status": "published",
        "version_id": VERSION,
        "experiences": [experience(LIVE, "session", "live")],
        "terms": terms(),
    } | changes


def a_space(**changes: Any) -> dict[str, Any]:
    return {
        "space_id": SPACE,
        "slug": "studio",
        "name": "The Studio",
        "description": "A small room.",
        "status": "published",
        "time_zone": "Europe/Vienna",
        "role": None,
        "owner": {"username": "mara", "display_name": "Mara"},
        "experiences": [experience(LIVE, "session", "live"), experience(CHAT, "talk", "chat")],
        "passes": [a_pass()],
    } | changes


def an_order(**changes: Any) -> dict[str, Any]:
    return {
        "order_id": ORDER,
        "membership_id": MEMBERSHIP,
        "status": "open",
        "space_id": SPACE,
        "space_slug": "studio",
        "space_name": "The Studio",
        "pass_id": PASS,
        "pass_version_id": VERSION,
        "pass_slug": "season",
        "pass_name": "Season pass",
        "redirect_url": None,
        "total_minor": 1990,
        "refunded_minor": 0,
        "currency": "EUR",
        "currency_exponent": 2,
        "opened_at": NOW.isoformat(),
        "held_until": (NOW + timedelta(minutes=10)).isoformat(),
        "access_from": None,
        "failure_code": None,
        "payment": {"client_secret": "pi_1_secret_2", "publishable_key": "pk_test_1"},
        "payment_pending": False,
        "waiting": None,
    } | changes


def a_grant(experience_id: str = LIVE, **changes: Any) -> dict[str, Any]:
    return {
        "grant_id": "9",
        "experience_id": experience_id,
        "space_id": SPACE,
        "valid_until": None,
    } | changes


def an_admission(state: str, *removed: str) -> dict[str, Any]:
    return {"state": state, "removed_source_ids": list(removed)}


def world() -> FakeServices:
    """A space with a pass on sale, and a person whose session is good."""
    fakes = FakeServices()
    fakes.on_call("identity", "GET /sessions/current", _session)
    fakes.on("identity", "GET /sessions", [])
    fakes.on("catalog", "GET /spaces/studio", a_space())
    fakes.on("catalog", "GET /spaces", [a_space()])
    fakes.on("catalog", "GET /spaces/studio/passes/season", a_pass())
    fakes.on("catalog", "GET /creator-profiles/mara", _profile())
    fakes.on("checkout", f"GET /passes/{PASS}/sale", {"state": "on_sale", "left": 7})
    fakes.on("checkout", "GET /orders/mine", [])
    fakes.on("checkout", f"GET /orders/{ORDER}", an_order())
    fakes.on("access", "GET /grants/mine", [a_grant()])
    fakes.on("access", f"GET /spaces/{SPACE}/admission", an_admission("none"))
    for id_ in (LIVE, CHAT):
        fakes.on("access", f"GET /experiences/{id_}/entry", {"allowed": True, "because": "grant"})
    fakes.on("streaming", f"GET /experiences/{LIVE}/stream", {"state": "off", "stream_id": None})
    fakes.on("notifications", "GET /notices", [])
    fakes.on("notifications", "GET /notices/unread-count", {"count": 2})
    return fakes


def _session(request: httpx.Request) -> httpx.Response:
    if request.headers.get("x-session-token") != TOKEN:
        return httpx.Response(401, json={"code": "no_session", "title": "No"})
    return httpx.Response(
        200,
        json={
            "session_id": SESSION,
            "person_id": PERSON,
            "display_name": "Ada",
            "email": "ada@example.org",
            "locale": "en",
            "fresh_until": NOW.isoformat(),
        },
    )


def _profile() -> dict[str, Any]:
    return {
        "profile_id": "1",
        "person_id": "2",
        "username": "mara",
        "display_name": "Mara",
        "bio": "Plays.",
        "followers": 3,
        "following": False,
        "spaces": [a_space()],
    }
