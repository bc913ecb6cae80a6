"""A stranger buys a pass, enters the chat, watches the show, and has a receipt."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from ops.showcase import Showcase
from ops.visitor import Visitor
from tests.e2e import steps
from tests.e2e.conftest import Visit
from tests.e2e.running import RunningSystem, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow(180, "a whole story in a browser")]


def a_fan() -> str:
    return f"fan-{uuid4().hex[:8]}@example.com"


def buy(page: Page, system: RunningSystem, showcase: Showcase, email: str) -> None:
    """From the page of the pass to the member area."""
    page.goto(f"/{showcase.space}/front-row")
    page.get_by_role("link", name="Sign in to buy").click()
    steps.sign_in(page, system, email)
    page.get_by_role("button", name="Buy for").click()
    steps.pay(page)
    expect(page.locator("#welcome")).to_be_visible(timeout=20_000)


def test_a_stranger_pays_and_is_in(visit: Visit, system: RunningSystem, showcase: Showcase) -> None:
    email = a_fan()

    with visit() as page:
        buy(page, system, showcase, email)

        assert f"/account/purchased_spaces/{showcase.space}" in page.url
        expect(page.get_by_role("link", name="The late set")).to_be_visible()

    wait_until(lambda: any("19.00" in m["text"] for m in system.mails_to(email)), "the receipt")


def test_two_members_talk_to_each_other(
    visit: Visit, system: RunningSystem, showcase: Showcase
) -> None:
    chat = f"/account/purchased_spaces/{showcase.space}/experiences/lounge/chat"

    with visit() as one, visit(width=1280, height=800, scheme="dark") as other:
        for page in (one, other):
            buy(page, system, showcase, a_fan())
            page.goto(chat)
        expect(other.locator("#chat")).to_have_attribute("data-state", "ready", timeout=15_000)
        steps.say_in_chat(one, "Is the piano in tune?")

        expect(other.get_by_text("Is the piano in tune?")).to_be_visible(timeout=10_000)
        steps.say_in_chat(other, "It never was.")
        expect(one.get_by_text("It never was.")).to_be_visible(timeout=10_000)


@pytest.mark.needs("livekit-server")
def test_a_member_sees_the_creators_camera(
    visit: Visit, system: RunningSystem, showcase: Showcase, creator: Visitor
) -> None:
    stream = f"/account/purchased_spaces/{showcase.space}/experiences/late-set/stream"

    with visit(width=1280, height=800) as host, visit() as viewer:
        buy(viewer, system, showcase, a_fan())
        viewer.goto(stream)
        host.goto(f"/sign-in?next=/admin/spaces/{showcase.space}/experiences/late-set")
        steps.sign_in(host, system, creator.email)
        host.get_by_role("button", name=re.compile("go live", re.IGNORECASE)).click()
        host.locator("#watch button").first.click()
        expect(host.locator("#watch")).to_have_attribute("data-state", "on_air", timeout=25_000)

        assert steps.sees_moving_video(viewer)

        host.get_by_role("button", name="End the stream").click()
        expect(viewer.locator("#watch")).to_have_attribute("data-state", "ended", timeout=15_000)


def test_declined_card_shows_a_reason_and_another_one_pays(
    visit: Visit, system: RunningSystem, showcase: Showcase
) -> None:
    with visit() as page:
        page.goto(f"/{showcase.space}/front-row")
        page.get_by_role("link", name="Sign in to buy").click()
        steps.sign_in(page, system, a_fan())
        page.get_by_role("button", name="Buy for").click()
        steps.pay(page, steps.CARD_DECLINED)
        expect(page.locator("#pay [role=alert]")).to_contain_text("declined", timeout=10_000)

        steps.pay(page)

        expect(page.locator("#welcome")).to_be_visible(timeout=20_000)


def test_three_d_secure_challenge_is_answered(
    visit: Visit, system: RunningSystem, showcase: Showcase
) -> None:
    with visit() as page:
        page.goto(f"/{showcase.space}/front-row")
        page.get_by_role("link", name="Sign in to buy").click()
        steps.sign_in(page, system, a_fan())
        page.get_by_role("button", name="Buy for").click()
        steps.pay(page, steps.CARD_3DS)

        page.frame_locator("iframe").last.get_by_role("button", name="Complete").click()

        expect(page.locator("#welcome")).to_be_visible(timeout=20_000)


def test_a_free_pass_needs_no_card(visit: Visit, system: RunningSystem, showcase: Showcase) -> None:
    with visit() as page:
        page.goto(f"/{showcase.space}/lounge-key")
        page.get_by_role("link", name="Sign in to get it").click()
        steps.sign_in(page, system, a_fan())
        page.get_by_role("button", name="Get this pass").click()

        expect(page.locator("#welcome")).to_be_visible(timeout=20_000)


def test_a_double_click_charges_once(
    visit: Visit, system: RunningSystem, showcase: Showcase
) -> None:
    email = a_fan()
    with visit() as page:
        page.goto(f"/{showcase.space}/opening-night")
        page.get_by_role("link", name="Sign in to buy").click()
        steps.sign_in(page, system, email)
        page.get_by_role("button", name="Buy for").dblclick()
        button = page.locator("#pay button")
        expect(button).to_be_enabled(timeout=15_000)
        steps.fill_card(page, steps.CARD)
        button.dblclick()
        expect(page.locator("#welcome")).to_be_visible(timeout=20_000)

        page.goto("/account")

        expect(page.get_by_text("Opening night")).to_have_count(1)


def test_person_without_a_pass_stays_outside(
    visit: Visit, system: RunningSystem, showcase: Showcase
) -> None:
    with visit() as page:
        page.goto(
            f"/sign-in?next=/account/purchased_spaces/{showcase.space}/experiences/lounge/chat"
        )
        steps.sign_in(page, system, a_fan())

        expect(page.locator("#chat")).to_have_count(0)
        answer = page.request.get(f"/api/experiences/{showcase.experiences['lounge']}/chat")
        assert answer.status == 403
