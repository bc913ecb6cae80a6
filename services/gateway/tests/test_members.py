"""The member area, the account and the notices of a person."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.gateway.tests.builders import (
    CHAT,
    LIVE,
    MEMBERSHIP,
    NOW,
    ORDER,
    SPACE,
    a_grant,
    a_space,
    an_admission,
    an_order,
    gateway,
    world,
)

MEMBER = "/account/purchased_spaces/studio"


async def test_the_member_area_shows_what_is_open_and_until_when() -> None:
    fakes = world()
    until = (NOW + timedelta(days=30)).isoformat()
    fakes.on("access", "GET /grants/mine", [a_grant(LIVE, valid_until=until)])
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.get(MEMBER)

        assert f'href="{MEMBER}/experiences/session"' in answer.text
        assert "Open until" in answer.text
        assert f'href="{MEMBER}/experiences/talk"' not in answer.text
        assert "Not part of your pass" in answer.text


async def test_of_two_grants_the_longer_one_counts() -> None:
    fakes = world()
    until = (NOW + timedelta(days=30)).isoformat()
    for grants in (
        [a_grant(valid_until=until), a_grant(valid_until=None)],
        [a_grant(valid_until=None), a_grant(valid_until=until)],
    ):
        fakes.on("access", "GET /grants/mine", grants)
        async with gateway(fakes) as browser:
            browser.sign_in()
            answer = await browser.get(MEMBER)

            assert "Open for as long as the space exists" in answer.text
            assert "Open until" not in answer.text


async def test_who_has_no_pass_is_told_so_and_shown_the_way() -> None:
    fakes = world()
    fakes.on("access", "GET /grants/mine", [])
    fakes.on("access", f"GET /experiences/{LIVE}/entry", {"allowed": False, "because": "no_grant"})
    async with gateway(fakes) as browser:
        browser.sign_in()
        for path in (
            MEMBER,
            *(f"{MEMBER}/experiences/session{p}" for p in ("", "/stream", "/chat")),
        ):
            answer = await browser.get(path)

            assert answer.status_code == 403
            assert 'href="/studio"' in answer.text
            assert 'id="chat"' not in answer.text
            assert 'id="watch"' not in answer.text


async def test_the_team_enters_its_own_space_without_a_pass() -> None:
    fakes = world()
    fakes.on("access", "GET /grants/mine", [])
    fakes.on("catalog", "GET /spaces/studio", a_space(role="owner"))
    async with gateway(fakes) as browser:
        browser.sign_in()

        assert (await browser.get(MEMBER)).status_code == 200
        assert (await browser.get(f"{MEMBER}/experiences/talk/chat")).status_code == 200
        assert fakes.calls("access", f"GET /experiences/{CHAT}/entry") == []


async def test_a_buyer_who_is_a_blink_too_early_waits_instead_of_being_sent_away() -> None:
    fakes = world()
    fakes.on("access", "GET /grants/mine", [])
    fakes.on("checkout", f"GET /orders/{ORDER}", bought(NOW))
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.get(f"{MEMBER}?welcome={ORDER}")

        assert answer.status_code == 200
        assert "data-reload-after" in answer.text


def bought(at: datetime) -> dict[str, Any]:
    return an_order(status="fulfilled", access_from=at.isoformat())


@pytest.mark.parametrize(
    ("admission", "bought_at", "told"),
    [
        (an_admission("none"), NOW - timedelta(minutes=3), "takes longer than usual"),
        (an_admission("removed", MEMBERSHIP), NOW, "Your access was ended"),
        (an_admission("banned"), NOW, "You are banned here"),
    ],
)
async def test_the_page_of_a_buyer_does_not_reload_itself_for_ever(
    admission: dict[str, Any], bought_at: datetime, told: str
) -> None:
    fakes = world()
    fakes.on("access", "GET /grants/mine", [])
    fakes.on("access", f"GET /spaces/{SPACE}/admission", admission)
    fakes.on("checkout", f"GET /orders/{ORDER}", bought(bought_at))
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.get(f"{MEMBER}?welcome={ORDER}")

        assert told in answer.text
        assert "data-reload-after" not in answer.text


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("removed", "The team of The Studio ended your access."),
        ("banned", "The team of The Studio has banned you."),
        ("expired", "Your access has ended"),
        ("refunded", "Your pass was refunded"),
        ("not_yet", "Your access has not begun"),
        ("open", "You need a pass of The Studio"),
    ],
)
async def test_who_may_not_come_in_is_told_why(state: str, told: str) -> None:
    fakes = world()
    fakes.on("access", "GET /grants/mine", [])
    fakes.on("access", f"GET /experiences/{LIVE}/entry", {"allowed": False, "because": "x"})
    fakes.on("access", f"GET /spaces/{SPACE}/admission", an_admission(state))
    async with gateway(fakes) as browser:
        browser.sign_in()
        for path in (MEMBER, f"{MEMBER}/experiences/session/stream"):
            answer = await browser.get(path)

            assert answer.status_code == 403
            assert told in answer.text


async def test_the_welcome_names_the_pass_and_links_to_where_the_creator_wants() -> None:
    fakes = world()
    order = an_order(status="fulfilled", redirect_url="https://mara.example/hello")
    fakes.on("checkout", f"GET /orders/{ORDER}", order)
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.get(f"{MEMBER}?welcome={ORDER}")
        foreign = await browser.get(f"{MEMBER}?welcome=../../x")

        assert "You are in" in answer.text
        assert 'href="https://mara.example/hello"' in answer.text
        assert "You are in" not in foreign.text


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("ready", "Nobody is on air"),
        ("preparing", "Live video is being set up here"),
        ("absent", "There is no live video here"),
    ],
)
async def test_a_member_reads_why_there_is_no_picture(state: str, sentence: str) -> None:
    fakes = world()
    fakes.on("streaming", f"GET /experiences/{LIVE}/stream", {"state": "off"})
    fakes.on("streaming", "GET /video-server", {"state": state})
    async with gateway(fakes) as browser:
        browser.sign_in()
        experience = await browser.get(f"{MEMBER}/experiences/session")
        stream = await browser.get(f"{MEMBER}/experiences/session/stream")

        assert sentence in experience.text
        assert stream.text.count(sentence) == 2


async def test_a_chat_has_no_stream_page_and_an_unknown_experience_no_page() -> None:
    async with gateway() as browser:
        browser.sign_in()

        assert (await browser.get(f"{MEMBER}/experiences/talk/stream")).status_code == 404
        assert (await browser.get(f"{MEMBER}/experiences/nothing")).status_code == 404


async def test_an_experience_says_when_it_is_live() -> None:
    fakes = world()
    async with gateway(fakes) as browser:
        browser.sign_in()
        before = await browser.get(f"{MEMBER}/experiences/session")
        fakes.on("streaming", f"GET /experiences/{LIVE}/stream", {"state": "live"})
        live = await browser.get(f"{MEMBER}/experiences/session")

        assert "Nobody is on air" in before.text
        assert "Live now" in live.text


async def test_islands_get_their_words_and_sources() -> None:
    async with gateway() as browser:
        browser.sign_in()
        answer = await browser.get(f"{MEMBER}/experiences/session/stream")

        assert f'data-source="/api/experiences/{LIVE}/stream-token"' in answer.text
        assert f'data-source="/api/experiences/{LIVE}/chat"' in answer.text
        assert 'data-role="viewer"' in answer.text
        assert "&#34;waiting_for_host&#34;:" in answer.text
        assert f'<meta name="csrf-token" content="{browser.csrf_token}">' in answer.text


async def test_the_account_lists_receipts_and_sessions() -> None:
    fakes = world()
    sessions = [
        {"session_id": "1", "user_agent": "(X11; Linux) Firefox/140", "is_current": False,
         "started_at": NOW.isoformat(), "last_seen_at": NOW.isoformat()},
    ]  # fmt: skip
    orders = [
        an_order(status="fulfilled", access_from=NOW.isoformat()),
        an_order(status="refunded", refunded_minor=1990),
        an_order(status="open", pass_name="An open order"),
    ]
    fakes.on("identity", "GET /sessions", sessions)
    fakes.on("checkout", "GET /orders/mine", orders)
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.get("/account")

        assert "Firefox, Linux" in answer.text
        assert 'action="/account/sessions/1/end"' in answer.text
        assert answer.text.count("Season pass") == 2
        assert "€19.90 refunded" in answer.text
        assert "An open order" not in answer.text
        assert "2 unread" in answer.text


async def test_a_refused_name_is_told_beside_the_field_and_kept() -> None:
    fakes = world()
    fakes.refuse("identity", "PATCH /people/me", 422, "invalid_display_name")
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.send_form("/account/profile", display_name="<Ada>")

        assert answer.status_code == 422
        assert 'value="&lt;Ada&gt;"' in answer.text
        assert "one line of at most 80" in answer.text


@pytest.mark.parametrize(
    ("chosen", "sent"),
    [("de", {"locale": "de"}), ("en", {"locale": "en"}), ("xx", {}), ("", {})],
)
async def test_a_language_that_we_have_is_chosen_in_the_account(
    chosen: str, sent: dict[str, str]
) -> None:
    fakes = world()
    fakes.on("identity", "PATCH /people/me", None, 204)
    async with gateway(fakes) as browser:
        browser.sign_in()
        await browser.send_form("/account/profile", display_name="Ada", language=chosen)
        page = await browser.get("/account", headers={"Accept-Language": "de"})

        [asked] = fakes.calls("identity", "PATCH /people/me")
        assert asked.json == {"display_name": "Ada"} | sent
        assert '<option value="en" selected>English</option>' in page.text
        assert '<option value="de">Deutsch</option>' in page.text


async def test_sessions_are_ended_one_by_one_or_all() -> None:
    fakes = world()
    fakes.on("identity", "DELETE /sessions/7", None, 204)
    fakes.on("identity", "DELETE /sessions", None, 204)
    async with gateway(fakes) as browser:
        browser.sign_in()
        one = await browser.send_form("/account/sessions/7/end")
        gone = await browser.send_form("/account/sessions/8/end")
        everything = await browser.send_form("/account/sessions/end-all")

        assert one.headers["location"] == gone.headers["location"] == "/account#sessions"
        assert 'session=""' in everything.headers["set-cookie"]


async def test_notices_lead_to_pages_of_ours_alone() -> None:
    fakes = world()
    notice = {"notice_id": "1", "title": "Hello", "body": "<b>you</b>", "read_at": None,
              "created_at": NOW.isoformat()}  # fmt: skip
    fakes.on("notifications", "POST /notices/1/read", {})
    fakes.on(
        "notifications",
        "GET /notices",
        [notice | {"url": "/account"}, notice | {"url": "https://evil.example/"}],
    )
    async with gateway(fakes) as browser:
        browser.sign_in()
        page = await browser.get("/account/notices")
        read = await browser.send_form("/account/notices/1/read", next="/account")

        assert 'name="next" value="/account"' in page.text
        assert "evil.example" not in page.text
        assert "&lt;b&gt;you" in page.text
        assert read.headers["location"] == "/account"


async def test_following_needs_a_person_and_comes_back() -> None:
    fakes = world()
    fakes.on("catalog", "PUT /creator-profiles/mara/followers/me", None, 204)
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.send_form("/@mara/follow")

        assert answer.headers["location"] == "/@mara"
        assert fakes.calls("catalog", "PUT /creator-profiles/mara/followers/me")
