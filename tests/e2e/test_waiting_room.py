"""More people buy than the payment provider allows: each sees their position, waits, and pays."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from ops.showcase import Showcase
from ops.showcase import create as create_showcase
from ops.visitor import Visitor
from tests.e2e import steps
from tests.e2e.running import RunningSystem, start_system, stop_system

pytestmark = [pytest.mark.e2e, pytest.mark.slow(180, "a rush of buyers beside a browser")]

OTHERS = 6


@pytest.fixture(scope="module")
def busy_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """A system that may ask for one payment every two seconds."""
    running = start_system(tmp_path_factory.mktemp("busy"), more={"PAYMENTS_PER_S": "0.5"})
    yield running
    stop_system(running)


def an_app(system: RunningSystem) -> Visitor:
    visitor = Visitor(system.url, system.record["urls"]["sandbox"], f"{uuid4().hex}@example.com")
    visitor.sign_in()
    return visitor


@pytest.fixture(scope="module")
def showcase(busy_system: RunningSystem) -> Iterator[Showcase]:
    creator = an_app(busy_system)
    yield create_showcase(creator)
    creator.close()


@pytest.fixture
def page(chromium: Browser, busy_system: RunningSystem) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=busy_system.url,
        locale="en-US",
        viewport={"width": 390, "height": 844},
        reduced_motion="reduce",
    )
    page = context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda said: broken.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    assert broken == []


def ahead_of(page: Page) -> int:
    text = page.locator("#wait-ahead").inner_text()
    return 0 if "next" in text else int(text.split()[0])


def test_queued_buyer_sees_their_position_and_pays_in_turn(
    page: Page, busy_system: RunningSystem, showcase: Showcase
) -> None:
    page.goto(f"/{showcase.space}/front-row")
    page.get_by_role("link", name="Sign in to buy").click()
    steps.sign_in(page, busy_system, f"fan-{uuid4().hex[:8]}@example.com")
    with ThreadPoolExecutor(OTHERS) as threads:
        others = list(threads.map(lambda _: an_app(busy_system), range(OTHERS)))
        body = {"pass_id": showcase.passes["front-row"]}
        list(threads.map(lambda one: one.call("POST", "/api/orders", body, uuid4().hex), others))

    page.get_by_role("button", name="Buy for").click()

    expect(page.get_by_role("heading", name="You are in line")).to_be_visible()
    expect(page.get_by_text("Your seat is held until")).to_be_visible()
    first = ahead_of(page)
    assert 2 <= first <= OTHERS
    second_tab = page.context.new_page()
    second_tab.goto(page.url)
    assert first - 1 <= ahead_of(second_tab) <= first
    second_tab.close()
    # The buyer neither clicks nor reloads anything.
    expect(page.get_by_role("button", name="Pay €")).to_be_visible(timeout=40_000)
    steps.pay(page)
    expect(page.locator("#welcome")).to_be_visible(timeout=20_000)
    for one in others:
        one.close()
