"""From the button to the member area, and every way in which that can end."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.runtime.http import person_token
from services.gateway.tests.builders import (
    NOW,
    ORDER,
    PASS,
    PERSON,
    PERSON_SECRET,
    SESSION,
    SPACE,
    a_grant,
    a_pass,
    an_order,
    form_fields,
    gateway,
    terms,
    world,
)
from services.gateway.tests.fakes import FakeServices, response

PURCHASE = "/studio/season/purchase"
ORDER_PAGE = f"/studio/season/orders/{ORDER}"
MEMBER_AREA = f"/account/purchased_spaces/studio?welcome={ORDER}"


def selling(**changes: Any) -> FakeServices:
    fakes = world()
    fakes.on("checkout", "POST /orders", an_order(**changes), 201)
    return fakes


async def test_a_paid_pass_leads_to_its_payment() -> None:
    async with gateway(selling()) as browser:
        browser.sign_in()
        answer = await browser.send_form(PURCHASE, idempotency_key="once")

        assert (answer.status_code, answer.headers["location"]) == (303, ORDER_PAGE)
        [asked] = browser.fakes.calls("checkout", "POST /orders")
        assert asked.json == {"pass_id": PASS}
        assert UUID(asked.headers["idempotency-key"])
        signed = person_token.read(PERSON_SECRET, asked.headers["authorization"][7:], NOW)
        assert (str(signed.id), signed.session_id) == (PERSON, SESSION)


async def test_nothing_to_pay_leads_into_the_member_area_at_once() -> None:
    async with gateway(selling(status="fulfilled", total_minor=0)) as browser:
        browser.sign_in()
        answer = await browser.send_form(PURCHASE)

        assert answer.headers["location"] == MEMBER_AREA


async def test_the_member_area_is_entered_when_the_door_is_open() -> None:
    fakes = selling(status="fulfilled")
    looks = 0

    def grants(_: httpx.Request) -> httpx.Response:
        nonlocal looks
        looks += 1
        return response(200, [] if looks < 4 else [a_grant(space_id=SPACE)])

    fakes.on_call("access", "GET /grants/mine", grants)
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.send_form(PURCHASE)

        assert answer.headers["location"] == MEMBER_AREA
        assert looks == 4


async def test_a_double_click_sends_one_key_and_so_does_the_page_loaded_once() -> None:
    async with gateway(selling()) as browser:
        browser.sign_in()
        page = await browser.get("/studio/season")
        fields = form_fields(page, PURCHASE)
        await asyncio.gather(
            browser.post(PURCHASE, data=fields), browser.post(PURCHASE, data=fields)
        )

        keys = {
            c.headers["idempotency-key"] for c in browser.fakes.calls("checkout", "POST /orders")
        }
        assert len(keys) == 1
        again = form_fields(await browser.get("/studio/season"), PURCHASE)
        assert again["idempotency_key"] != fields["idempotency_key"]


async def test_who_is_not_signed_in_is_led_through_sign_in_and_back() -> None:
    async with gateway(selling()) as browser:
        page = await browser.get("/studio/season")
        assert 'href="/sign-in?next=%2Fstudio%2Fseason"' in page.text
        token = form_fields(await browser.get("/sign-in"), "/sign-in")["csrf_token"]

        answer = await browser.post(PURCHASE, data={"csrf_token": token})
        back = await browser.get(PURCHASE)

        assert answer.headers["location"] == "/sign-in?next=%2Fstudio%2Fseason%2Fpurchase"
        assert back.headers["location"] == "/studio/season"
        assert browser.fakes.calls("checkout", "POST /orders") == []


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (409, "sold_out", "The last place was taken a moment ago."),
        (409, "already_owned", "You have this pass already."),
        (409, "own_space", "You work in this space"),
        (409, "banned", "has banned you"),
        (409, "not_yet_on_sale", "The sale has not begun yet."),
        (409, "sale_ended", "The sale is over."),
        (409, "pass_not_for_sale", "not sold any more"),
        (409, "waitlist_only", "waitlist"),
        (409, "recurring_not_available", "by the month or year"),
        (409, "some_new_code", "Title of some_new_code"),
        (502, "payment_impossible", "Nothing was charged."),
    ],
)
async def test_a_refusal_is_a_sentence_on_the_page_of_the_pass(
    status: int, code: str, sentence: str
) -> None:
    fakes = world()
    fakes.refuse("checkout", "POST /orders", status, code)
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.send_form(PURCHASE)

        assert answer.status_code == status
        assert sentence in answer.text
        assert "Season pass" in answer.text


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("storage_low", "Nothing new for a moment"),
        ("deliveries_held_up", "Sales are paused for a moment"),
    ],
)
async def test_who_can_buy_nothing_just_now_is_told_so_at_once(code: str, title: str) -> None:
    fakes = world()
    fakes.patience_s = 60
    fakes.refuse("checkout", "POST /orders", 503, code, **{"Retry-After": "30"})
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.send_form(PURCHASE)

        assert answer.status_code == 503
        assert title in answer.text
        assert answer.headers["retry-after"] == "30"
        assert len(fakes.calls("checkout", "POST /orders")) == 1


async def test_an_unknown_pass_is_no_purchase() -> None:
    async with gateway(selling()) as browser:
        browser.sign_in()
        answer = await browser.send_form("/studio/unknown/purchase")

        assert answer.status_code == 404
        assert browser.fakes.calls("checkout", "POST /orders") == []


async def test_a_script_buys_by_json() -> None:
    async with gateway(selling()) as browser:
        browser.sign_in()
        headers = {"X-CSRF-Token": browser.csrf_token, "Idempotency-Key": "k"}
        answer = await browser.post(PURCHASE, json={}, headers=headers)
        no_key = await browser.post(PURCHASE, json={}, headers={"X-CSRF-Token": browser.csrf_token})

        assert answer.status_code == 201
        assert answer.json()["url"] == ORDER_PAGE
        assert no_key.json()["code"] == "key_required"


async def test_no_one_buys_by_json() -> None:
    async with gateway(selling()) as browser:
        answer = await browser.post(PURCHASE, json={}, headers={"Idempotency-Key": "k"})

        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required")


async def test_somebody_who_buys_too_fast_is_slowed_down() -> None:
    async with gateway(selling(), purchase_posts_per_minute=2) as browser:
        browser.sign_in()
        statuses = [(await browser.send_form(PURCHASE)).status_code for _ in range(3)]

        assert statuses == [303, 303, 429]


async def test_the_payment_form_gets_what_it_needs_and_may_load_it() -> None:
    async with gateway() as browser:
        browser.sign_in()
        page = await browser.get(ORDER_PAGE)

        assert 'data-client-secret="pi_1_secret_2"' in page.text
        assert 'data-publishable-key="pk_test_1"' in page.text
        assert f'data-return-url="{ORDER_PAGE}?returned=1"' in page.text
        assert "Pay €19.90" in page.text
        policy = page.headers["content-security-policy"]
        assert "script-src 'self' http://localhost:8020;" in policy
        assert "frame-src http://localhost:8020" in policy
        assert page.headers["cache-control"] == "no-store"


def returning(**changes: Any) -> FakeServices:
    fakes = world()
    fakes.on("checkout", f"POST /orders/{ORDER}/settle", an_order(**changes))
    return fakes


@pytest.mark.parametrize("query", ["returned=1", "payment_intent=pi_1&redirect_status=succeeded"])
async def test_who_comes_back_from_the_bank_with_a_paid_order_is_let_in(query: str) -> None:
    async with gateway(returning(status="fulfilled")) as browser:
        browser.sign_in()
        answer = await browser.get(f"{ORDER_PAGE}?{query}")

        assert answer.headers["location"] == MEMBER_AREA
        assert browser.fakes.calls("checkout", f"POST /orders/{ORDER}/settle")


EXPIRED = {"status": "expired", "payment": None}
RETURNED = {"status": "returned", "payment": None}
AWAITING = {"at_provider": "awaiting"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (AWAITING | {"failure_code": "insufficient_funds"}, "not enough money"),
        (
            AWAITING | {"failure_code": "payment_intent_authentication_failure"},
            "not confirmed at your bank",
        ),
        (AWAITING | {"failure_code": "generic_decline"}, "Your bank declined the payment."),
        (AWAITING, "The payment did not go through. Nothing was charged."),
        ({"at_provider": "processing"}, "Your bank is processing the payment"),
        ({"at_provider": "challenged"}, "Your bank is processing the payment"),
        ({"at_provider": None}, "We are asking your bank"),
        (EXPIRED, "The time is up"),
        (EXPIRED | {"unsettled": True}, "We are asking your bank"),
        (EXPIRED | {"unsettled": True, "return_cause": "sold_out"}, "We are sending your money"),
        (RETURNED | {"return_cause": "sold_out"}, "the last place was gone"),
        (RETURNED | {"return_cause": "second_charge"}, "You have this pass already"),
        (RETURNED | {"return_cause": "too_late"}, "when this pass was over"),
        (RETURNED | {"return_cause": "banned"}, "banned you before your payment arrived"),
        (RETURNED | {"return_cause": "provider"}, "not the amount of this order"),
        (RETURNED | {"return_cause": "something_new"}, "too late to buy this pass"),
        ({"status": "refunded"}, "This order was refunded"),
    ],
)
async def test_what_became_of_a_payment_is_told(changes: dict[str, Any], words: str) -> None:
    async with gateway(returning(**changes)) as browser:
        browser.sign_in()
        answer = await browser.get(f"{ORDER_PAGE}?returned=1")

        assert answer.status_code == 200
        assert words in answer.text
        assert ('id="pay"' in answer.text) is (changes.get("at_provider") == "awaiting")


UNCERTAIN = {
    "with the bank": {"at_provider": "processing", "failure_code": "insufficient_funds"},
    "without an answer": {"at_provider": None, "failure_code": "insufficient_funds"},
    "over, not yet known": EXPIRED | {"unsettled": True, "failure_code": "generic_decline"},
    "on its way back": EXPIRED | {"unsettled": True, "return_cause": "second_charge"},
    "told by an older checkout": {"failure_code": "insufficient_funds"},
}


@pytest.mark.parametrize("changes", UNCERTAIN.values(), ids=UNCERTAIN)
async def test_while_the_money_is_uncertain_nobody_is_told_that_it_is_not_nor_to_try_again(
    changes: dict[str, Any],
) -> None:
    async with gateway(returning(**changes)) as browser:
        browser.sign_in()
        answer = await browser.get(f"{ORDER_PAGE}?returned=1")

        for lie in ("Nothing was charged", "Try again", "try another", "not enough money"):
            assert lie not in answer.text
        assert "data-reload-after" in answer.text
        assert 'http-equiv="refresh"' in answer.text


async def test_who_owns_the_pass_is_shown_to_it_when_a_second_payment_went_back() -> None:
    async with gateway(returning(**RETURNED, return_cause="second_charge")) as browser:
        browser.sign_in()
        answer = await browser.get(f"{ORDER_PAGE}?returned=1")

        assert 'href="/account/purchased_spaces/studio"' in answer.text


async def test_a_payment_form_that_is_not_ready_yet_is_waited_for() -> None:
    fakes = world()
    order = an_order(payment=None, payment_pending=True)
    fakes.on("checkout", f"GET /orders/{ORDER}", order)
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.get(ORDER_PAGE)

        assert "The payment form is on its way." in answer.text
        assert "data-reload-after" in answer.text


@pytest.mark.parametrize(
    ("ahead", "about_s", "words"),
    [
        (1243, 63, ("1,243</strong> people are ahead of you", "About 2 minutes to go.")),
        (1, 4, ("1</strong> person is ahead of you", "Only a moment to go.")),
        (143, 8, ("143</strong> people are ahead of you", "About 10 seconds to go.")),
        (0, 1, ("You are next", "the payment form is on its way")),
        (12_500, 625, ("12,500</strong>", "then you can try again")),
    ],
)
async def test_who_stands_in_line_is_told_the_place_and_that_the_seat_is_held(
    ahead: int, about_s: int, words: tuple[str, str]
) -> None:
    fakes = world()
    waiting = {"ahead": ahead, "about_s": about_s}
    order = an_order(payment=None, payment_pending=True, waiting=waiting)
    fakes.on("checkout", f"GET /orders/{ORDER}", order)
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.get(ORDER_PAGE)

        for told in (*words, "Your seat is held until", f'data-source="{ORDER_PAGE}"'):
            assert told in answer.text
        assert 'role="status" aria-live="polite"' in answer.text
        assert 'http-equiv="refresh"' in answer.text
        assert 'id="pay"' not in answer.text


async def test_an_order_has_one_address() -> None:
    async with gateway() as browser:
        browser.sign_in()
        answer = await browser.get(f"/studio/other/orders/{ORDER}")

        assert answer.headers["location"] == ORDER_PAGE


async def test_a_foreign_order_is_not_there() -> None:
    fakes = world()
    fakes.refuse("checkout", f"GET /orders/{ORDER}", 404, "order_not_found")
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.get(ORDER_PAGE)

        assert answer.status_code == 404
        assert "no such order" in answer.text


FEE = {"price_minor": 2000, "initial_fee_minor": 500}


async def test_the_pay_page_itemises_what_the_button_charges() -> None:
    fakes = world()
    fakes.on("catalog", "GET /spaces/studio/passes/season", a_pass(terms=terms(**FEE)))
    fakes.on("checkout", f"GET /orders/{ORDER}", an_order(total_minor=2500))
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.get(ORDER_PAGE)

        assert "<dt>Pass</dt><dd>€20.00</dd>" in answer.text
        assert "<dt>One-time fee</dt><dd>€5.00</dd>" in answer.text
        assert "<dt>Total</dt><dd>€25.00</dd>" in answer.text
        assert "Pay €25.00" in answer.text


@pytest.mark.parametrize("changes", [{"version_id": "another"}, {"terms": terms()}])
async def test_terms_that_the_order_was_not_opened_under_are_not_its_items(
    changes: dict[str, Any],
) -> None:
    fakes = world()
    sold = a_pass(terms=terms(**FEE)) | changes
    fakes.on("catalog", "GET /spaces/studio/passes/season", sold)
    fakes.on("checkout", f"GET /orders/{ORDER}", an_order(total_minor=2500))
    async with gateway(fakes) as browser:
        browser.sign_in()
        answer = await browser.get(ORDER_PAGE)

        assert "Pay €25.00" in answer.text
        assert "One-time fee" not in answer.text
