"""A creator drafts a pass whose terms can't be honoured yet, or that costs too little."""

from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from ops.showcase import Showcase
from ops.visitor import Visitor
from tests.e2e import steps
from tests.e2e.conftest import Visit
from tests.e2e.running import RunningSystem

pytestmark = [pytest.mark.e2e, pytest.mark.slow(120, "a whole story in a browser")]


def open_pass_form(page: Page, showcase: Showcase, price: str) -> None:
    page.goto(f"/admin/spaces/{showcase.space}/passes/new")
    page.locator("#name").fill(f"A pass {uuid4().hex[:6]}")
    page.get_by_label("The lounge").check()
    page.locator("#price").fill(price)


def test_a_membership_is_drafted_and_not_published_with_the_reason(
    visit: Visit, system: RunningSystem, showcase: Showcase, creator: Visitor
) -> None:
    with visit(width=1280, height=800) as page:
        steps.come_as(page, system, creator)
        open_pass_form(page, showcase, "9.00")
        page.locator("input[name=pricing_type][value=recurring]").check()
        page.get_by_role("button", name="Save draft").click()

        expect(page.locator(".checklist")).to_contain_text("Memberships can't be sold yet.")
        expect(page.get_by_role("button", name="Publish version 1")).to_be_disabled()


def test_a_price_below_what_the_provider_takes_is_refused_where_it_is_typed(
    visit: Visit, system: RunningSystem, showcase: Showcase, creator: Visitor
) -> None:
    with visit(width=1280, height=800) as page:
        steps.come_as(page, system, creator)
        open_pass_form(page, showcase, "0.49")
        page.get_by_role("button", name="Save draft").click()

        expect(page.locator("#price-error")).to_contain_text("no less than 0.50 EUR")
        page.locator("#price").fill("0.50")
        page.get_by_role("button", name="Save draft").click()
        expect(page.locator(".notice.good")).to_contain_text("Draft saved")
