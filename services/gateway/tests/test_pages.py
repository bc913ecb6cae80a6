"""Every page for no one and for a person, and what each shows."""

from typing import Any

import pytest
from fastapi.routing import APIRoute

from libs.runtime.scheduling.clock import FixedClock
from services.gateway.app import build_edge, create_gateway
from services.gateway.tests.builders import (
    LIVE,
    MEMBERSHIP,
    NOW,
    ORDER,
    PASS,
    SPACE,
    a_pass,
    a_space,
    an_admission,
    experience,
    gateway,
    settings,
    terms,
    world,
)

SIGN_IN = "/sign-in"
MEMBER = "/account/purchased_spaces/studio"
# Page: its route, what no one gets, what a signed-in person gets.
PAGES = {
    "/": ("/", 200, 200),
    "/sign-in": ("/sign-in", 200, 303),
    "/@mara": ("/@{username}", 200, 200),
    "/studio": ("/{space}", 200, 200),
    "/studio/season": ("/{space}/{pass_}", 200, 200),
    "/studio/season/purchase": ("/{space}/{pass_}/purchase", 303, 303),
    f"/studio/season/orders/{ORDER}": ("/{space}/{pass_}/orders/{order_id}", SIGN_IN, 200),
    "/account": ("/account", SIGN_IN, 200),
    "/account/purchased_spaces": ("/account/purchased_spaces", SIGN_IN, 200),
    MEMBER: ("/account/purchased_spaces/{space}", SIGN_IN, 200),
    f"{MEMBER}/experiences/session": (
        "/account/purchased_spaces/{space}/experiences/{experience}", SIGN_IN, 200),
    f"{MEMBER}/experiences/session/stream": (
        "/account/purchased_spaces/{space}/experiences/{experience}/stream", SIGN_IN, 200),
    f"{MEMBER}/experiences/session/chat": (
        "/account/purchased_spaces/{space}/experiences/{experience}/chat", SIGN_IN, 200),
    "/account/notices": ("/account/notices", SIGN_IN, 200),
}  # fmt: skip
# Passed on to a service, which decides.
PASSED_ON = {
    "/admin", "/admin/{path:path}", "/unsubscribe/{token}", "/static/{name:path}", "/favicon.ico",
}  # fmt: skip


@pytest.mark.parametrize(("path", "row"), PAGES.items())
async def test_a_page_for_no_one_and_for_a_person(
    path: str, row: tuple[str, int | str, int]
) -> None:
    _, for_no_one, for_person = row
    async with gateway() as browser:
        anonymous = await browser.get(path)
        browser.sign_in()
        person = await browser.get(path)

        if for_no_one == SIGN_IN:
            assert anonymous.status_code == 303
            assert anonymous.headers["location"].startswith("/sign-in?next=%2F")
        else:
            assert anonymous.status_code == for_no_one
        assert person.status_code == for_person


def test_every_page_stands_in_the_table() -> None:
    app = create_gateway(build_edge(settings(), world().services(), FixedClock(NOW)))
    pages = {
        route.path
        for route in _routes(app.router.routes)
        if "GET" in route.methods and not route.path.startswith(("/api", "/health"))
    }

    assert pages - PASSED_ON == {route for route, _, _ in PAGES.values()}


def _routes(routes: Any) -> list[APIRoute]:
    found = []
    for route in routes:
        if isinstance(route, APIRoute):
            found.append(route)
        elif hasattr(route, "original_router"):
            found += _routes(route.original_router.routes)
    return found


@pytest.mark.parametrize("path", [path for path, row in PAGES.items() if row[1] == SIGN_IN])
async def test_a_member_page_asks_no_service_for_no_one(path: str) -> None:
    async with gateway() as browser:
        await browser.get(path)

        assert browser.fakes.asked == []


async def test_pages_of_a_person_are_kept_by_no_cache() -> None:
    async with gateway() as browser:
        browser.sign_in()

        answer = await browser.get("/account")

        assert answer.headers["cache-control"] == "no-store"
        assert "Cookie" in answer.headers["vary"]


SALES = [
    ("on_sale", "Sign in to buy", "Buy for €19.90"),
    ("sold_out", "Sold out", "Sold out"),
    ("not_yet", "Not on sale yet", "Not on sale yet"),
    ("ended", "The sale is over", "The sale is over"),
    ("archived", "No longer sold", "No longer sold"),
    ("owned", "You have this pass", "Open the member area"),
    ("pending", "You have begun to buy", "Go on to the payment"),
    ("own_space", "This is your space", "This is your space"),
    ("banned", "has banned you", "has banned you"),
    ("waitlist", "By waitlist", "By waitlist"),
    ("not_available", "Subscriptions open soon", "Subscriptions open soon"),
]


@pytest.mark.parametrize(("state", "for_no_one", "for_person"), SALES)
async def test_each_state_of_a_sale_has_its_own_words(
    state: str, for_no_one: str, for_person: str
) -> None:
    fakes = world()
    sale = {"state": state, "left": 3, "order_id": ORDER, "membership_id": MEMBERSHIP}
    fakes.on("checkout", f"GET /passes/{PASS}/sale", sale)
    async with gateway(fakes) as browser:
        anonymous = await browser.get("/studio/season")
        browser.sign_in()
        person = await browser.get("/studio/season")

        assert for_no_one in anonymous.text
        assert for_person in person.text
        can_buy = 'action="/studio/season/purchase"' in person.text
        assert can_buy is (state == "on_sale")
        assert 'action="/studio/season/purchase"' not in anonymous.text
        assert ("Only 3 left." in person.text) is (state == "on_sale")


async def test_a_pass_that_checkout_has_not_heard_of_yet_can_be_bought_in_a_moment() -> None:
    fakes = world()
    fakes.refuse("checkout", f"GET /passes/{PASS}/sale", 404, "pass_not_found")
    async with gateway(fakes) as browser:
        answer = await browser.get("/studio/season")

        assert "just been published" in answer.text


async def test_the_team_sees_its_draft() -> None:
    fakes = world()
    fakes.on("catalog", "GET /spaces/studio/passes/season", a_pass(status="draft"))
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.get("/studio/season")

        assert "Only the team" in answer.text
        assert fakes.calls("checkout", f"GET /passes/{PASS}/sale") == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pricing_type": "free", "price_minor": 0}, ["Free", "for as long as"]),
        ({"price_minor": 500, "currency": "JPY", "currency_exponent": 0}, ["¥500"]),
        ({"price_minor": 1234, "currency": "KWD", "currency_exponent": 3}, ["KWD", "1.234"]),
        ({"price_minor": 150000, "currency": "ISK", "currency_exponent": 2}, ["ISK", "1,500.00"]),
        (
            {"pricing_type": "recurring", "billing_period": "monthly", "trial_days": 7,
             "initial_fee_minor": 500},
            ["€5.00", "Then €19.90 a month", "first 7 days are free"],
        ),
        ({"pricing_type": "recurring", "billing_period": "yearly"}, ["€19.90 a year"]),
        (
            {"price_minor": 2000, "initial_fee_minor": 500},
            ['<p class="price">€25.00</p>', "<dt>Pass</dt><dd>€20.00</dd>",
             "<dt>One-time fee</dt><dd>€5.00</dd>", "<dt>Charged today</dt><dd>€25.00</dd>"],
        ),
        ({"expires_after_days": 30}, ["Access for 30 days."]),
        ({"auto_expire_at": "2027-06-01T20:00:00Z"}, ["Access until", "2027-06-01T20:00:00Z"]),
        ({"sale_ends_at": "2027-06-01T20:00:00Z"}, ["On sale until", "Jun 1, 2027, 10:00 PM CEST"]),
        ({"refund_policy": "Write to me.\n\nAlways."}, ["<p>Write to me.</p><p>Always.</p>"]),
    ],
)  # fmt: skip
async def test_the_terms_of_a_pass_are_put_into_words(
    changes: dict[str, Any], words: list[str]
) -> None:
    fakes = world()
    fakes.on("catalog", "GET /spaces/studio/passes/season", a_pass(terms=terms(**changes)))
    async with gateway(fakes) as browser:
        answer = await browser.get("/studio/season", headers={"Accept-Language": "en-US"})

        for word in words:
            assert word in answer.text.replace("\xa0", " ").replace("\u202f", " ")


async def test_what_creators_type_is_shown_and_never_run() -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    fakes = world()
    named = a_pass(name=evil, description=evil, terms=terms(refund_policy=evil))
    owner = {"username": "mara", "display_name": evil}
    rooms = [experience(LIVE, "session", "live") | {"name": evil}]
    space = a_space(name=evil, description=evil, owner=owner, experiences=rooms, passes=[named])
    fakes.on("catalog", "GET /spaces/studio", space)
    fakes.on("catalog", "GET /spaces/studio/passes/season", named)
    async with gateway(fakes) as browser:
        browser.sign_in()
        for path in ["/studio", "/studio/season", MEMBER, f"{MEMBER}/experiences/session/stream"]:
            answer = await browser.get(path)

            assert "&lt;script&gt;alert(1)" in answer.text
            assert "<script>alert" not in answer.text
            assert "<img src=x" not in answer.text


@pytest.mark.parametrize(
    ("path", "service", "route", "code", "words"),
    [
        ("/nowhere", "catalog", "GET /spaces/nowhere", "space_not_found", "no such space"),
        ("/studio/x", "catalog", "GET /spaces/studio/passes/x", "pass_not_found", "no such pass"),
        ("/@x", "catalog", "GET /creator-profiles/x", "profile_not_found", "no such creator"),
        ("/a/b/c/d", "catalog", "GET /x", "", "There is nothing here"),
    ],
)
async def test_what_is_not_there_is_a_page_with_a_sentence(
    path: str, service: str, route: str, code: str, words: str
) -> None:
    fakes = world()
    fakes.refuse(service, route, 404, code)
    async with gateway(fakes) as browser:
        page = await browser.get(path)
        program = await browser.get(path, headers={"Accept": "application/json"})

        assert page.status_code == program.status_code == 404
        assert words in page.text
        assert program.headers["content-type"] == "application/problem+json"
        assert program.json()["code"] == (code or "not_found")


@pytest.mark.parametrize(
    ("sale", "admission", "told", "can_buy"),
    [
        ("on_sale", an_admission("banned"), "has banned you", False),
        ("sold_out", an_admission("banned"), "has banned you", False),
        ("owned", an_admission("removed", MEMBERSHIP), "ended your access to this pass", False),
        ("owned", an_admission("open"), "You have this pass", False),
        ("on_sale", an_admission("removed", MEMBERSHIP), "You can buy a pass again", True),
        ("on_sale", an_admission("none"), "Buy for", True),
    ],
)
async def test_the_team_s_word_is_told_before_anyone_pays(
    sale: str, admission: dict[str, Any], told: str, can_buy: bool
) -> None:
    fakes = world()
    owned = {"order_id": ORDER, "membership_id": MEMBERSHIP} if sale == "owned" else {}
    state = {"state": sale, "left": 7, **owned}
    fakes.on("checkout", f"GET /passes/{PASS}/sale", state)
    fakes.on("access", f"GET /spaces/{SPACE}/admission", admission)
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.get("/studio/season")

        assert told in answer.text
        assert ("Buy for" in answer.text) is can_buy


# The page of the notices counts those that it shows.
WITH_BADGE = [p for p, (_, _, seen) in PAGES.items() if seen == 200 and p != "/account/notices"]


@pytest.mark.parametrize("path", WITH_BADGE)
async def test_the_unread_badge_is_on_every_page_of_a_person(path: str) -> None:
    async with gateway(world()) as browser:
        browser.sign_in()
        answer = await browser.get(path)

        assert "2 unread" in answer.text


async def test_without_the_notices_service_pages_have_no_badge_and_no_fault() -> None:
    fakes = world()
    fakes.refuse("notifications", "GET /notices/unread-count", 503, "away")
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.get("/studio")

        assert answer.status_code == 200
        assert "unread" not in answer.text
