"""If the connection breaks during a payment, the next page knows what became of the money."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Page, Route, expect

from ops.showcase import Showcase
from tests.e2e import steps
from tests.e2e.conftest import Visit
from tests.e2e.running import RunningSystem

pytestmark = [pytest.mark.e2e, pytest.mark.slow(180, "waits until the bank has been asked")]

CONFIRMATIONS = "**/payment_intents/*/confirm"


def cut_before_it_is_asked(route: Route) -> None:
    route.abort("connectionfailed")


def cut_before_the_answer(route: Route) -> None:
    route.fetch()
    route.abort("connectionreset")


def begin_to_pay(page: Page, system: RunningSystem, showcase: Showcase) -> None:
    page.goto(f"/{showcase.space}/front-row")
    page.get_by_role("link", name="Sign in to buy").click()
    steps.sign_in(page, system, f"fan-{uuid4().hex[:8]}@example.com")
    page.get_by_role("button", name="Buy for").click()


def pay_over_a_line_that_breaks(page: Page, cut: Callable[[Route], None]) -> None:
    confirmations: list[Route] = []

    def cut_the_first(route: Route) -> None:
        confirmations.append(route)
        if len(confirmations) == 1:
            cut(route)
        else:
            route.continue_()

    # Never taken off again: a request that is on its way just then would get no answer.
    page.route(CONFIRMATIONS, cut_the_first)
    steps.pay(page)
    page.wait_for_url("**/*returned=1*", timeout=30_000, wait_until="commit")


def test_buyer_whose_payment_answer_was_lost_gets_access(
    visit: Visit, system: RunningSystem, showcase: Showcase
) -> None:
    with visit() as page:
        begin_to_pay(page, system, showcase)
        page.route(CONFIRMATIONS, cut_before_the_answer)

        steps.pay(page)

        expect(page.locator("#welcome")).to_be_visible(timeout=30_000)


def test_buyer_whose_payment_never_arrived_is_told_and_pays_again(
    visit: Visit, system: RunningSystem, showcase: Showcase
) -> None:
    with visit() as page:
        begin_to_pay(page, system, showcase)

        pay_over_a_line_that_breaks(page, cut_before_it_is_asked)

        expect(page.locator("#declined")).to_contain_text("Nothing was charged", timeout=30_000)
        steps.pay(page)
        expect(page.locator("#welcome")).to_be_visible(timeout=30_000)


def test_returning_buyer_sees_why_the_payment_was_refused(
    visit: Visit, system: RunningSystem, showcase: Showcase
) -> None:
    with visit() as page:
        begin_to_pay(page, system, showcase)
        steps.pay(page, steps.CARD_DECLINED)
        expect(page.locator("#pay [role=alert]")).to_contain_text("declined", timeout=15_000)

        page.goto(f"{page.url}?returned=1")

        expect(page.locator("#declined")).to_contain_text("Your bank declined", timeout=30_000)
        steps.pay(page)
        expect(page.locator("#welcome")).to_be_visible(timeout=30_000)
