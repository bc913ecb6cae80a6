"""A removed or banned person is told so, before they pay and without a loop."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from ops.showcase import Showcase
from ops.visitor import Visitor
from tests.e2e import steps
from tests.e2e.conftest import Visit
from tests.e2e.running import ROOT, RunningSystem, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow(120, "a whole story in a browser")]


@pytest.fixture
def fan(system: RunningSystem) -> Iterator[Visitor]:
    visitor = Visitor(system.url, system.record["urls"]["sandbox"], f"{uuid4().hex}@example.com")
    visitor.sign_in()
    yield visitor
    visitor.close()


@pytest.fixture
def order(fan: Visitor, showcase: Showcase) -> str:
    order_id: str = fan.buy(showcase.passes["front-row"])["order_id"]
    wait_until(lambda: len(grants(fan)) == 2, "the grants of the purchase")
    return order_id


def grants(fan: Visitor) -> list[dict[str, str]]:
    mine: list[dict[str, str]] = fan.call("GET", "/api/grants/mine")
    return mine


def remove(creator: Visitor, fan: Visitor) -> None:
    for grant in grants(fan):
        creator.call("POST", f"/api/grants/{grant['grant_id']}/revoke", {"cause": "creator"})


def ban(creator: Visitor, showcase: Showcase, fan: Visitor) -> None:
    body = {"person_id": fan.person_id, "reason_code": "spam"}
    creator.call("POST", f"/api/spaces/{showcase.space_id}/bans", body)


def loads(page: Page) -> Callable[[], int]:
    seen: list[str] = []
    page.on("framenavigated", lambda frame: seen.append(frame.url))
    return lambda: len(seen)


def test_a_member_removed_by_the_team_is_told_so_and_buys_again(
    visit: Visit, system: RunningSystem, showcase: Showcase, creator: Visitor, fan: Visitor,
    order: str,
) -> None:  # fmt: skip
    remove(creator, fan)
    sale = f"/api/passes/{showcase.passes['front-row']}/sale"
    wait_until(lambda: fan.call("GET", sale)["state"] == "on_sale", "the pass to be on sale again")
    with visit() as page:
        steps.come_as(page, system, fan)
        count = loads(page)
        page.goto(f"/account/purchased_spaces/{showcase.space}?welcome={order}")

        expect(page.get_by_role("heading", name="Your access was ended")).to_be_visible()
        page.wait_for_timeout(3_000)
        assert count() == 1, "the page reloads itself"
        page.get_by_role("link", name="See the passes").click()
        page.get_by_role("link", name="Front row").click()
        expect(page.locator("#removed")).to_contain_text("You can buy a pass again")
        page.get_by_role("button", name="Buy for").click()
        steps.pay(page)
        expect(page.locator("#welcome")).to_be_visible(timeout=20_000)


@pytest.mark.usefixtures("order")
def test_a_banned_person_is_told_before_paying(
    visit: Visit, system: RunningSystem, showcase: Showcase, creator: Visitor, fan: Visitor
) -> None:
    ban(creator, showcase, fan)
    with visit() as page:
        steps.come_as(page, system, fan)
        for slug in ("front-row", "opening-night"):
            page.goto(f"/{showcase.space}/{slug}")
            expect(page.locator("#buy")).to_contain_text("has banned you")
            expect(page.get_by_role("button", name="Buy for")).to_have_count(0)

        page.goto(f"/account/purchased_spaces/{showcase.space}/experiences/lounge/chat")

        expect(page.get_by_role("heading", name="You are banned here")).to_be_visible()


def test_waiting_page_polls_ever_more_rarely_and_stops(visit: Visit) -> None:
    script = (ROOT / "services/gateway/static/reload.js").read_text()
    body = (
        '<div data-reload-after="1000"><span>…</span><p hidden>It has stopped.</p></div>'
        f"<script>{script}</script>"
    )
    with visit() as page:
        page.route("**/waits", lambda route: route.fulfill(body=body, content_type="text/html"))
        page.clock.install()
        count = loads(page)
        page.goto("/waits")
        while page.get_by_text("It has stopped.").is_hidden():
            page.clock.run_for(20_000)
            page.wait_for_load_state()
            assert count() < 60
        stopped_after = count()
        page.clock.run_for(600_000)

        assert 10 < stopped_after == count()
        page.goto("/waits")
        page.clock.run_for(1_500)
        page.wait_for_timeout(1_000)
        assert count() > stopped_after + 1, "a visit by hand begins anew"
