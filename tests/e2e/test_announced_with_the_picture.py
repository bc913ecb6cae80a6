"""Members are notified of a show when there is a picture, not when the room opens."""

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from ops.showcase import Showcase
from ops.visitor import Visitor
from tests.e2e import steps
from tests.e2e.conftest import Visit
from tests.e2e.running import RunningSystem, wait_until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.needs("livekit-server"),
    pytest.mark.slow(120, "a whole story in a browser"),
]


def test_members_are_mailed_when_the_hosts_camera_is_on(
    visit: Visit, system: RunningSystem, showcase: Showcase, creator: Visitor
) -> None:
    fan = Visitor(system.url, system.record["urls"]["sandbox"], f"{uuid4().hex}@example.com")
    fan.sign_in()
    fan.buy(showcase.passes["front-row"])
    wait_until(lambda: fan.call("GET", "/api/grants/mine"), "the grants")
    experience = f"/api/experiences/{showcase.experiences['late-set']}/stream"

    def told() -> bool:
        return any("live" in mail["subject"].lower() for mail in system.mails_to(fan.email))

    with visit(width=1280, height=800) as host:
        steps.come_as(host, system, creator)
        host.goto(f"/admin/spaces/{showcase.space}/experiences/late-set")
        host.get_by_role("button", name="Go live").click()
        expect(host.get_by_text("we have told nobody yet")).to_be_visible()
        wait_until(lambda: fan.call("GET", experience)["state"] == "lobby", "the open room")
        host.wait_for_timeout(3_000)
        assert not told(), "mailed before there was a picture"

        host.get_by_role("button", name="Start the camera").click()
        expect(host.locator("#watch")).to_have_attribute("data-state", "on_air", timeout=25_000)

        wait_until(lambda: fan.call("GET", experience)["state"] == "live", "the stream to be live")
        wait_until(told, "the mail")
        host.get_by_role("button", name="End the stream").click()
        expect(host.locator(".notice.good")).to_be_visible()
    fan.close()
