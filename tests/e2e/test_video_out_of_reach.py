"""A viewer's pass is valid, but the video server is unreachable or refuses the connection."""

import re
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from ops.showcase import Showcase
from ops.visitor import Visitor
from tests.e2e import steps
from tests.e2e.conftest import Visit
from tests.e2e.running import RunningSystem

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.needs("livekit-server"),
    pytest.mark.slow(120, "a whole story in a browser"),
]

SIGNALLING = re.compile(r"/rtc(/v\d+)?\?")
VALIDATION = re.compile(r"/rtc(/v\d+)?/validate")


@pytest.fixture
def on_air(creator: Visitor, showcase: Showcase) -> Iterator[str]:
    """Put the late set on air; returns its stream's id."""
    experience = showcase.experiences["late-set"]
    stream_id: str = creator.call("POST", f"/api/experiences/{experience}/streams")["stream_id"]
    yield stream_id
    creator.call("POST", f"/api/streams/{stream_id}/end")


def video_server_refuses(page: Page) -> None:
    def refuse(line: WebSocketRoute) -> None:
        line.close()

    def forbid(route: Route) -> None:
        route.fulfill(
            status=403, body="invalid token", headers={"Access-Control-Allow-Origin": "*"}
        )

    page.route_web_socket(SIGNALLING, refuse)
    page.route(VALIDATION, forbid)


def video_server_is_away(page: Page) -> None:
    page.route_web_socket(SIGNALLING, lambda line: line.close())
    page.route(VALIDATION, lambda route: route.abort("connectionrefused"))


@pytest.fixture
def member(system: RunningSystem, showcase: Showcase) -> Iterator[Visitor]:
    visitor = Visitor(system.url, system.record["urls"]["sandbox"], f"{uuid4().hex}@example.com")
    visitor.sign_in()
    visitor.buy(showcase.passes["front-row"])
    yield visitor
    visitor.close()


def open_stream_page(page: Page, showcase: Showcase) -> None:
    page.goto(f"/account/purchased_spaces/{showcase.space}/experiences/late-set/stream")


@pytest.mark.usefixtures("on_air")
@pytest.mark.parametrize("breaks", [video_server_refuses, video_server_is_away])
def test_a_viewer_whose_video_cannot_connect_is_told_so_and_tries_again(
    breaks: Callable[[Page], None],
    visit: Visit,
    system: RunningSystem,
    showcase: Showcase,
    member: Visitor,
) -> None:
    with visit() as page:
        steps.come_as(page, system, member)
        breaks(page)
        open_stream_page(page, showcase)

        expect(page.locator("#watch")).to_have_attribute("data-state", "failed", timeout=40_000)
        expect(page.locator("#watch")).to_contain_text("can't be reached")
        expect(page.locator("#watch")).not_to_contain_text("need a pass")
        expect(page.get_by_role("button", name="Try again")).to_have_count(1)
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("#watch")).to_have_attribute("data-state", "connecting")


@pytest.mark.usefixtures("on_air")
def test_only_our_own_refusal_says_that_a_pass_is_needed(
    visit: Visit, system: RunningSystem, showcase: Showcase, member: Visitor
) -> None:
    refusal = '{"status": 403, "code": "no_access", "title": "You have no access"}'
    with visit() as page:
        steps.come_as(page, system, member)
        page.route("**/stream-token", lambda route: route.fulfill(status=403, body=refusal))
        open_stream_page(page, showcase)

        expect(page.locator("#watch")).to_have_attribute("data-state", "denied", timeout=20_000)
        expect(page.locator("#watch")).to_contain_text("You need a pass")
        expect(page.get_by_role("button", name="Try again")).to_have_count(0)
