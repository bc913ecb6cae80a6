"""A pass with an initial fee: every price on the way is what the card is charged."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from ops.showcase import Showcase, publish_pass
from ops.visitor import Visitor
from tests.e2e import steps
from tests.e2e.conftest import Visit
from tests.e2e.running import RunningSystem, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow(120, "a whole story in a browser")]


def test_the_initial_fee_is_in_every_price_and_the_pay_page_itemises(
    visit: Visit, system: RunningSystem, showcase: Showcase, creator: Visitor
) -> None:
    slug, email = f"with-fee-{uuid4().hex[:6]}", f"fan-{uuid4().hex[:8]}@example.com"
    terms = {"pricing_type": "one_time", "price_minor": 2000, "initial_fee_minor": 500}
    rooms = list(showcase.experiences.values())
    publish_pass(creator, showcase.space, slug, "With a fee", "", rooms, terms)
    with visit() as page:
        page.goto(f"/{showcase.space}")
        card = page.locator(".offer").filter(has_text="With a fee")
        expect(card.locator(".price")).to_have_text("€25.00")
        card.get_by_role("link", name="With a fee").click()
        expect(page.locator("#buy .price")).to_have_text("€25.00")
        expect(page.locator("#buy .items")).to_contain_text(re.compile(r"€20\.00.*€5\.00", re.S))
        page.get_by_role("link", name="Sign in to buy").click()
        steps.sign_in(page, system, email)
        page.get_by_role("button", name="Buy for €25.00").click()
        expect(page.locator(".items")).to_contain_text(
            re.compile(r"€20\.00.*€5\.00.*€25\.00", re.S)
        )
        expect(page.get_by_role("button", name="Pay €25.00")).to_be_visible()
        steps.pay(page)
        expect(page.locator("#welcome")).to_be_visible(timeout=20_000)
    wait_until(lambda: any("25.00" in m["text"] for m in system.mails_to(email)), "the receipt")
