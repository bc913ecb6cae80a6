"""The same story with a process killed in the middle of it, without any help."""

import re
from contextlib import suppress
from uuid import uuid4

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from ops.showcase import Showcase
from tests.e2e import steps
from tests.e2e.conftest import Visit
from tests.e2e.running import RunningSystem, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow(120, "a whole story in a browser")]

PROCESSES = [
    "gateway",
    "identity",
    "catalog",
    "checkout",
    "access",
    "chat",
    "streaming",
    "notifications",
    "nats",
    "postgres",
]


@pytest.mark.parametrize("killed", PROCESSES)
def test_a_purchase_survives_the_crash_of(
    killed: str, visit: Visit, system: RunningSystem, showcase: Showcase
) -> None:
    email = f"fan-{uuid4().hex[:8]}@example.com"
    with visit() as page:
        page.goto(f"/{showcase.space}/front-row")
        page.get_by_role("link", name="Sign in to buy").click()
        steps.sign_in(page, system, email)
        page.get_by_role("button", name="Buy for").click()
        expect(page.locator("#pay button")).to_be_enabled(timeout=15_000)

        system.kill(killed)
        steps.pay(page)

        wait_until(lambda: _is_welcome(page), "the welcome", within_s=40)
        page.goto(f"/account/purchased_spaces/{showcase.space}/experiences/lounge/chat")
        steps.say_in_chat(page, f"Still here after {killed}")
        expect(page.get_by_text(f"Still here after {killed}")).to_be_visible(timeout=10_000)
    wait_until(lambda: _receipts(system, email) == 1, "exactly one receipt", within_s=40)


def _is_welcome(page: Page) -> bool:
    """Return whether it is there; a page that failed to load is loaded again, as a person does."""
    if page.url.startswith("chrome-error:"):
        with suppress(PlaywrightError):
            page.reload()
    return page.locator("#welcome").is_visible()


def _receipts(system: RunningSystem, email: str) -> int:
    return sum(bool(re.search("receipt", m["subject"], re.I)) for m in system.mails_to(email))
