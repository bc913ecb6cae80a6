"""The life of a payment, through the official SDK and the real process."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from sandbox.tests.process import PUBLISHABLE_KEY, SandboxProcess, running_sandbox, until

pytestmark = pytest.mark.own_server


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory):
    data: Path = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(data) as process:
        yield process


@pytest.fixture
def shop(sandbox: SandboxProcess) -> stripe.StripeClient:
    return sandbox.client()


@pytest.fixture
def browser(sandbox: SandboxProcess) -> stripe.StripeClient:
    return sandbox.client(PUBLISHABLE_KEY)


def an_intent(shop: stripe.StripeClient, **more: Any) -> stripe.PaymentIntent:
    params = {"amount": 1500, "currency": "eur", "automatic_payment_methods": {"enabled": True}}
    return shop.v1.payment_intents.create(params | more)


def confirmed(
    browser: stripe.StripeClient, intent: stripe.PaymentIntent, method: str
) -> stripe.PaymentIntent:
    params = {"client_secret": intent.client_secret, "payment_method": method}
    return browser.v1.payment_intents.confirm(intent.id, params)


def types_of(shop: stripe.StripeClient, intent: stripe.PaymentIntent) -> list[str]:
    """Return the types of the events of one payment, oldest first."""
    listed = shop.v1.events.list({"limit": 100}).data
    mine = [
        event.type
        for event in listed
        if intent.id in (event.data.object.id, getattr(event.data.object, "payment_intent", None))
    ]
    return mine[::-1]


def test_a_good_card_pays_and_leaves_a_charge(shop, browser):
    customer = shop.v1.customers.create({"email": "fan@example.com"})
    intent = an_intent(shop, customer=customer.id, metadata={"order_id": "good"})

    seen = confirmed(browser, intent, "pm_card_visa")
    paid = shop.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge", "customer"]})

    assert (intent.status, seen.status, paid.status) == (
        "requires_payment_method",
        "succeeded",
        "succeeded",
    )
    assert "metadata" not in seen.to_dict()
    assert paid.amount_received == 1500
    assert paid.customer.email == "fan@example.com"
    assert paid.latest_charge.paid
    assert paid.latest_charge.metadata.to_dict() == {"order_id": "good"}
    assert paid.latest_charge.payment_method_details.card.last4 == "4242"
    assert types_of(shop, intent) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ],
)
def test_declined_card_leaves_the_payment_open(shop, browser, method, code, decline_code):
    intent = an_intent(shop)

    with pytest.raises(stripe.CardError) as declined:
        confirmed(browser, intent, method)
    after = shop.v1.payment_intents.retrieve(intent.id)
    again = confirmed(browser, intent, "pm_card_visa")

    error = declined.value.error
    assert (declined.value.http_status, error.code, error.decline_code) == (402, code, decline_code)
    assert error.payment_intent.status == "requires_payment_method"
    assert after.status == "requires_payment_method"
    assert after.payment_method is None
    assert after.last_payment_error.charge == after.latest_charge
    assert shop.v1.charges.retrieve(after.latest_charge).status == "failed"
    assert again.status == "succeeded"
    assert types_of(shop, intent)[1:3] == ["charge.failed", "payment_intent.payment_failed"]


@pytest.mark.parametrize("outcome", ["complete", "fail"])
def test_a_challenge_decides_a_payment(shop, browser, outcome):
    intent = an_intent(shop)

    asked = confirmed(browser, intent, "pm_card_authenticationRequired")
    url = asked.next_action.use_stripe_sdk.stripe_js
    before = shop.v1.payment_intents.retrieve(intent.id)
    httpx.post(url, data={"outcome": outcome, "framed": "yes"}).raise_for_status()
    after = shop.v1.payment_intents.retrieve(intent.id)

    assert asked.status == before.status == "requires_action"
    assert before.amount_received == 0
    assert before.latest_charge is None
    if outcome == "complete":
        assert after.status == "succeeded"
        charge = shop.v1.charges.retrieve(after.latest_charge)
        assert charge.payment_method_details.card.three_d_secure.result == "authenticated"
    else:
        assert after.status == "requires_payment_method"
        assert after.last_payment_error.code == "payment_intent_authentication_failure"
        assert after.latest_charge is None
    assert "payment_intent.requires_action" in types_of(shop, intent)
    assert httpx.post(url, data={"outcome": "complete"}).status_code == 404


def test_a_challenge_that_is_passed_may_still_end_in_a_decline(shop, browser):
    intent = an_intent(shop)

    asked = confirmed(browser, intent, "pm_card_threeDSecureRequiredChargeDeclined")
    httpx.post(asked.next_action.use_stripe_sdk.stripe_js, data={"outcome": "complete"})
    after = shop.v1.payment_intents.retrieve(intent.id)

    assert after.status == "requires_payment_method"
    assert after.last_payment_error.decline_code == "generic_decline"


def test_a_server_side_challenge_leads_back_to_the_return_url(shop):
    intent = an_intent(shop)
    params = {
        "payment_method": "pm_card_authenticationRequired",
        "return_url": "http://shop.test/back?order=1",
    }

    asked = shop.v1.payment_intents.confirm(intent.id, params)
    url = asked.next_action.redirect_to_url.url
    forged = httpx.get(f"{url}x")
    answer = httpx.post(url, data={"outcome": "complete"})

    assert forged.status_code == 404
    assert answer.status_code == 303
    assert answer.headers["location"] == (
        f"http://shop.test/back?order=1&payment_intent={intent.id}"
        f"&payment_intent_client_secret={intent.client_secret}&redirect_status=succeeded"
    )


def test_a_saved_card_pays_off_session_and_an_unsaved_one_needs_its_owner(shop, browser):
    customer = shop.v1.customers.create({})
    first = an_intent(shop, customer=customer.id, setup_future_usage="off_session")
    asked = confirmed(browser, first, "pm_card_authenticationRequiredOnSetup")
    httpx.post(asked.next_action.use_stripe_sdk.stripe_js, data={"outcome": "complete"})
    saved = shop.v1.payment_methods.list({"customer": customer.id}).data[0]
    off_session = {"customer": customer.id, "off_session": True, "confirm": True}

    renewed = an_intent(shop, payment_method=saved.id, **off_session)
    with pytest.raises(stripe.CardError) as refused:
        an_intent(shop, payment_method="pm_card_authenticationRequired", **off_session)

    assert renewed.status == "succeeded"
    assert refused.value.code == "authentication_required"


def test_a_payment_moves_only_along_its_states(shop, browser):
    paid, gone = an_intent(shop), an_intent(shop)
    confirmed(browser, paid, "pm_card_visa")
    canceled = shop.v1.payment_intents.cancel(gone.id, {"cancellation_reason": "abandoned"})
    refused = []

    for step in (
        lambda: confirmed(browser, paid, "pm_card_visa"),
        lambda: confirmed(browser, gone, "pm_card_visa"),
        lambda: shop.v1.payment_intents.cancel(paid.id),
        lambda: shop.v1.payment_intents.cancel(gone.id),
        lambda: shop.v1.payment_intents.update(paid.id, {"amount": 99}),
        lambda: shop.v1.payment_intents.capture(paid.id),
        lambda: shop.v1.payment_intents.confirm(
            an_intent(shop).id, {"return_url": "http://x.test"}
        ),
    ):
        with pytest.raises(stripe.InvalidRequestError) as error:
            step()
        refused.append((error.value.http_status, error.value.code))

    assert canceled.status == "canceled"
    assert canceled.cancellation_reason == "abandoned"
    assert refused == [(400, "payment_intent_unexpected_state")] * 7


def test_an_authorized_payment_is_captured_later(shop, browser):
    intent = an_intent(shop, capture_method="manual")

    held = confirmed(browser, intent, "pm_card_visa")
    taken = shop.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1000})

    assert held.status == "requires_capture"
    assert (taken.status, taken.amount_received, taken.amount_capturable) == ("succeeded", 1000, 0)
    assert shop.v1.charges.retrieve(taken.latest_charge).amount_captured == 1000


def test_a_browser_sees_only_the_payment_whose_secret_it_has(shop, browser):
    mine, other = an_intent(shop), an_intent(shop)
    secret = {"client_secret": mine.client_secret}

    assert browser.v1.payment_intents.retrieve(mine.id, secret).id == mine.id
    with pytest.raises(stripe.InvalidRequestError, match="client_secret provided does not match"):
        browser.v1.payment_intents.retrieve(other.id, secret)
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param: client_secret"):
        browser.v1.payment_intents.retrieve(other.id)
    with pytest.raises(stripe.PermissionError, match="publishable API key"):
        browser.v1.payment_intents.list()


def test_wrong_keys_and_unknown_things_are_refused(sandbox, shop):
    with pytest.raises(stripe.AuthenticationError, match=r"Invalid API Key provided: sk_test_\*+"):
        sandbox.client("sk_test_of_somebody_else").v1.customers.list()
    assert httpx.get(f"{sandbox.url}/stripe/v1/customers").status_code == 401
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        shop.v1.payment_intents.retrieve("pi_none")
    with pytest.raises(stripe.InvalidRequestError) as nobody:
        an_intent(shop, customer="cus_none")
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        shop.v1.coupons.list()

    assert (unknown.value.http_status, unknown.value.code) == (404, "resource_missing")
    assert (nobody.value.http_status, nobody.value.code) == (400, "resource_missing")
    assert nobody.value.param == "customer"


def test_refunds_never_exceed_the_charge(shop, browser):
    intent = an_intent(shop)
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        shop.v1.refunds.create({"payment_intent": intent.id})
    confirmed(browser, intent, "pm_card_visa")

    part = shop.v1.refunds.create(
        {
            "payment_intent": intent.id,
            "amount": 500,
            "reason": "requested_by_customer",
            "metadata": {"why": "rain"},
        }
    )
    with pytest.raises(stripe.InvalidRequestError) as too_much:
        shop.v1.refunds.create({"payment_intent": intent.id, "amount": 1001})
    rest = shop.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as nothing_left:
        shop.v1.refunds.create({"payment_intent": intent.id})
    charge = shop.v1.charges.retrieve(part.charge, {"expand": ["refunds"]})
    listed = shop.v1.refunds.list({"payment_intent": intent.id}).data

    assert (part.status, part.amount, rest.amount) == ("succeeded", 500, 1000)
    assert part.metadata.to_dict() == {"why": "rain"}
    assert too_much.value.code == "amount_too_large"
    assert nothing_left.value.code == "charge_already_refunded"
    assert (charge.refunded, charge.amount_refunded) == (True, 1500)
    assert [one.id for one in listed] == [rest.id, part.id] == [o.id for o in charge.refunds.data]
    assert types_of(shop, intent)[-4:] == ["refund.created", "charge.refunded"] * 2


def test_a_refund_to_the_card_for_it_seems_to_succeed_and_fails_later(shop, browser):
    intent = an_intent(shop)
    confirmed(browser, intent, "pm_card_refundFail")
    made = shop.v1.refunds.create({"payment_intent": intent.id})
    refunded = shop.v1.charges.retrieve(made.charge)

    until(lambda: shop.v1.refunds.retrieve(made.id).status == "failed", 20)
    failed = shop.v1.refunds.retrieve(made.id)
    charge = shop.v1.charges.retrieve(made.charge)
    again = shop.v1.refunds.create({"payment_intent": intent.id})

    assert (made.status, refunded.refunded) == ("succeeded", True)
    assert failed.failure_reason == "expired_or_canceled_card"
    assert (charge.refunded, charge.amount_refunded) == (False, 0)
    assert again.id != made.id
    told = types_of(shop, intent)
    assert told[-5:-2] == ["refund.updated", "charge.refund.updated", "refund.failed"]


def test_any_refund_fails_on_request_and_once(sandbox, shop, browser):
    intent = an_intent(shop)
    confirmed(browser, intent, "pm_card_visa")
    made = shop.v1.refunds.create({"payment_intent": intent.id, "amount": 500})
    address = f"{sandbox.url}/stripe/_control/refunds"

    answers = [httpx.post(f"{address}/{made.id}/fail") for _ in range(2)]
    unknown = httpx.post(f"{address}/re_none/fail")

    assert [answer.json()["status"] for answer in answers] == ["failed", "failed"]
    assert unknown.status_code == 404
    assert shop.v1.charges.retrieve(made.charge).amount_refunded == 0
    assert types_of(shop, intent).count("refund.failed") == 1


def test_metadata_is_merged_and_found_by_search(shop):
    intent = an_intent(shop, metadata={"order_id": "s-1", "note": "x"})

    changed = shop.v1.payment_intents.update(
        intent.id, {"metadata": {"note": "", "attempt": "2"}, "amount": 1700}
    )
    found = shop.v1.payment_intents.search(
        {"query": "metadata['order_id']:'s-1' AND status:'requires_payment_method'"}
    )
    other = shop.v1.payment_intents.search({"query": "metadata['order_id']:'s-1' AND amount<100"})

    assert changed.metadata.to_dict() == {"order_id": "s-1", "attempt": "2"}
    assert changed.amount == 1700
    assert [one.id for one in found.data] == [intent.id]
    assert other.data == []
    for query in ("colour:'red'", "created>soon", "status", ""):
        with pytest.raises(stripe.InvalidRequestError):
            shop.v1.payment_intents.search({"query": query})


@pytest.mark.parametrize("path", ["id", "status", "metadata.x", "nothing", "latest_charge.amount"])
def test_only_what_is_an_object_is_expanded(shop, browser, path):
    intent = an_intent(shop, metadata={"x": "y"})
    confirmed(browser, intent, "pm_card_visa")

    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        shop.v1.payment_intents.retrieve(intent.id, {"expand": [path]})


def test_lists_are_walked_page_by_page_in_both_directions(shop):
    customer = shop.v1.customers.create({})
    made = [an_intent(shop, customer=customer.id).id for _ in range(5)][::-1]
    mine = {"customer": customer.id, "limit": 2}

    walked = [one.id for one in shop.v1.payment_intents.list(mine).auto_paging_iter()]
    back = shop.v1.payment_intents.list(mine | {"ending_before": made[3]})
    later = shop.v1.payment_intents.list(mine | {"created": {"gte": 4_000_000_000}})

    assert walked == made
    assert [one.id for one in back.data] == made[1:3]
    assert back.has_more
    assert later.data == []
    with pytest.raises(stripe.InvalidRequestError, match="less than or equal to 100"):
        shop.v1.payment_intents.list({"limit": 101})


def test_a_card_used_once_without_a_customer_is_spent(shop, browser):
    method = shop.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    confirmed(browser, an_intent(shop), method.id)

    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        confirmed(browser, an_intent(shop), method.id)


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({"number": "4242424242424241"}, "incorrect_number"),
        ({"exp_month": 13}, "invalid_expiry_month"),
        ({"exp_year": 2020}, "invalid_expiry_year"),
        ({"cvc": "9"}, "invalid_cvc"),
    ],
)
def test_an_impossible_card_is_refused_before_any_payment(browser, card, code):
    good = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "123"}

    with pytest.raises(stripe.CardError) as refused:
        browser.v1.payment_methods.create({"type": "card", "card": good | card})

    assert refused.value.code == code


def test_a_real_card_number_never_pays_in_test_mode(shop, browser):
    card = {"number": "4539578763621486", "exp_month": 12, "exp_year": 2034, "cvc": "123"}
    method = browser.v1.payment_methods.create({"type": "card", "card": card})

    with pytest.raises(stripe.CardError) as declined:
        confirmed(browser, an_intent(shop), method.id)
    with pytest.raises(stripe.StripeError, match="generally unsafe"):
        shop.v1.payment_methods.create({"type": "card", "card": card})

    assert declined.value.error.decline_code == "test_mode_live_card"
    assert "4539578763621486" not in str(method)


def test_a_confirmation_by_the_server_needs_a_return_url(shop):
    intent = an_intent(shop)

    with pytest.raises(stripe.InvalidRequestError, match="return_url"):
        shop.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})

    assert shop.v1.payment_intents.retrieve(intent.id).payment_method is None
