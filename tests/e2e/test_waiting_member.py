"""A member waits for the show, and is removed from the chat meanwhile."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from ops.showcase import Showcase
from ops.visitor import Visitor
from tests.e2e import steps
from tests.e2e.conftest import Visit
from tests.e2e.running import RunningSystem, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow(120, "a whole story in a browser")]


@pytest.fixture
def member(system: RunningSystem, showcase: Showcase) -> Iterator[Visitor]:
    visitor = Visitor(system.url, system.record["urls"]["sandbox"], f"{uuid4().hex}@example.com")
    visitor.sign_in()
    visitor.buy(showcase.passes["front-row"])
    wait_until(lambda: visitor.call("GET", "/api/grants/mine"), "the grants")
    yield visitor
    visitor.close()


@pytest.mark.needs("livekit-server")
def test_the_page_of_a_waiting_viewer_leaves_the_console_clean(
    visit: Visit, system: RunningSystem, showcase: Showcase, member: Visitor
) -> None:
    errors: list[str] = []
    with visit() as page:
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        steps.come_as(page, system, member)
        page.goto(f"/account/purchased_spaces/{showcase.space}/experiences/late-set/stream")
        expect(page.locator("#watch")).to_have_attribute("data-state", "waiting", timeout=15_000)
        expect(page.locator("#chat")).to_have_attribute("data-state", "ready", timeout=15_000)
        page.wait_for_timeout(5_000)

    assert errors == []


def test_the_form_of_a_locked_chat_is_gone(
    visit: Visit, system: RunningSystem, showcase: Showcase, creator: Visitor, member: Visitor
) -> None:
    with visit() as page:
        steps.come_as(page, system, member)
        page.goto(f"/account/purchased_spaces/{showcase.space}/experiences/lounge/chat")
        expect(page.locator("#chat")).to_have_attribute("data-state", "ready", timeout=15_000)
        expect(page.get_by_label("Message")).to_be_visible()

        for grant in member.call("GET", "/api/grants/mine"):
            creator.call("POST", f"/api/grants/{grant['grant_id']}/revoke", {"cause": "abuse"})

        expect(page.locator("#chat")).to_have_attribute("data-state", "locked", timeout=15_000)
        expect(page.get_by_label("Message")).to_be_hidden()
        expect(page.get_by_role("button", name="Send")).to_be_hidden()


def test_the_unread_badge_stays_from_page_to_page(
    visit: Visit, system: RunningSystem, showcase: Showcase, member: Visitor
) -> None:
    wait_until(lambda: member.call("GET", "/api/notices/unread-count")["count"], "a notice")
    room = f"/account/purchased_spaces/{showcase.space}/experiences/lounge"
    with visit() as page:
        steps.come_as(page, system, member)
        for path in ("/", f"/{showcase.space}", f"/{showcase.space}/front-row", "/account", room):
            page.goto(path)
            expect(page.locator("nav .badge")).to_be_visible()


@pytest.mark.parametrize("name", ["بيت الموسيقى", "🎹🎶", "❤"])
def test_a_space_whose_name_has_no_latin_letter_gets_an_address(
    visit: Visit, system: RunningSystem, creator: Visitor, name: str
) -> None:
    with visit(width=1280, height=800) as page:
        steps.come_as(page, system, creator)
        page.goto("/admin/spaces/new")
        page.locator("#name").fill(name)
        page.get_by_role("button", name="Create the space").click()

        expect(page.locator(".notice.good")).to_contain_text("The space is created")
        expect(page.get_by_role("heading", name=name)).to_be_visible()
