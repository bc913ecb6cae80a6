"""The Elements script in a real Chromium, on a page with a strict content policy."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import stripe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from sandbox.tests.process import PUBLISHABLE_KEY, SandboxProcess, running_sandbox

pytestmark = pytest.mark.own_server

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGE = """<!doctype html><html lang="en"><head><title>Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<script src="{sandbox}/stripe/js/v3/"></script><script src="/shop.js" defer></script>
<style>body {{ max-width: 26rem; margin: 2rem auto; padding: 0 1rem; font-family: system-ui }}
body.night {{ background: #1a1b25; color: #fff }}</style></head>
<body><h1>Pay</h1><div id="card"></div><p><button id="pay">Pay</button></p>
<pre id="result"></pre></body></html>"""
SCRIPT = """
const query = new URLSearchParams(location.search);
const stripe = Stripe("%s");
const theme = query.get("theme") || "stripe";
document.body.className = theme;
const clientSecret = query.get("secret");
const elements = stripe.elements({ clientSecret, locale: query.get("locale") || "en",
  appearance: { theme, variables: { borderRadius: "10px" } } });
const element = elements.create("payment");
const result = document.getElementById("result");
window.seen = [];
for (const name of ["ready", "change", "loaderror"]) {
  element.on(name, (event) => { seen.push(event); document.body.dataset[name] = event.complete; });
}
if (clientSecret) element.mount("#card");
document.getElementById("pay").addEventListener("click", async () => {
  const { error: problem } = await elements.submit();
  const redirect = query.get("redirect") || "if_required";
  const outcome = problem ? { error: problem } : await stripe.confirmPayment({
    elements, redirect, confirmParams: { return_url: location.origin + "/back?order=1" } });
  result.textContent = outcome.error
    ? `error ${outcome.error.code} ${outcome.error.message}`
    : `paid ${outcome.paymentIntent.status}`;
});
"""


class Shop:
    """A page on an origin of its own, as strict as ours."""

    def __init__(self, sandbox_url: str) -> None:
        policy = (
            f"default-src 'none'; script-src 'self' {sandbox_url}; frame-src {sandbox_url}; "
            f"connect-src 'self' {sandbox_url}; style-src 'self' 'unsafe-inline'"
        )
        page, script = PAGE.format(sandbox=sandbox_url), SCRIPT % PUBLISHABLE_KEY

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                is_script = self.path.startswith("/shop.js")
                body = (script if is_script else page).encode()
                self.send_response(200)
                kind = "text/javascript" if is_script else "text/html"
                self.send_header("content-type", f"{kind}; charset=utf-8")
                self.send_header("content-security-policy", policy)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    data: Path = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(data) as process:
        yield process


@pytest.fixture(scope="module")
def shop(sandbox: SandboxProcess) -> Iterator[Shop]:
    server = Shop(sandbox.url)
    yield server
    server.close()


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(locale="en-US", viewport={"width": 390, "height": 760})
    complaints: list[str] = []
    page.on("console", lambda line: line.type == "error" and complaints.append(line.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.close()
    assert [line for line in complaints if not re.search("40[02]", line)] == []


def an_intent(sandbox: SandboxProcess) -> stripe.PaymentIntent:
    return sandbox.client().v1.payment_intents.create({"amount": 1500, "currency": "eur"})


def opened(page: Page, shop: Shop, intent: stripe.PaymentIntent, **more: str) -> None:
    query = "&".join(f"{key}={value}" for key, value in more.items())
    page.goto(f"{shop.url}/?secret={intent.client_secret}&{query}")
    page.locator("body[data-ready]").wait_for()


def fill(page: Page, number: str, *, expiry: str = "12 / 34", cvc: str = "123") -> None:
    card = page.frame_locator("iframe[title='Secure payment input frame']")
    card.get_by_label("Card number").press_sequentially(number)
    card.get_by_label("Expiration date").press_sequentially(expiry)
    card.get_by_label("Security code").press_sequentially(cvc)


def status_of(sandbox: SandboxProcess, intent: stripe.PaymentIntent) -> str:
    return sandbox.client().v1.payment_intents.retrieve(intent.id).status


def test_a_good_card_pays_and_the_page_never_sees_its_number(page, sandbox, shop):
    intent = an_intent(sandbox)
    opened(page, shop, intent)

    fill(page, "4242424242424242", expiry="1234")
    expect(page.locator("body")).to_have_attribute("data-change", "true")
    page.get_by_role("button", name="Pay").click()

    expect(page.locator("#result")).to_have_text("paid succeeded")
    assert status_of(sandbox, intent) == "succeeded"
    assert "4242" not in page.evaluate("JSON.stringify(seen)") + page.content()
    (frame,) = [frame for frame in page.frames if frame != page.main_frame]
    assert frame.url.startswith(f"{sandbox.url}/stripe/js/v3/card.html")
    assert frame.locator("#number").input_value() == "4242 4242 4242 4242"
    assert frame.locator("#expiry").input_value() == "12 / 34"


def test_a_declined_card_gives_a_sentence_and_another_card_pays(page, sandbox, shop):
    intent = an_intent(sandbox)
    opened(page, shop, intent)

    fill(page, "4000000000009995")
    page.get_by_role("button", name="Pay").click()
    expect(page.locator("#result")).to_have_text(
        "error card_declined Your card has insufficient funds."
    )
    page.evaluate("element.clear()")
    fill(page, "5555555555554444")
    page.get_by_role("button", name="Pay").click()

    expect(page.locator("#result")).to_have_text("paid succeeded")
    assert status_of(sandbox, intent) == "succeeded"


@pytest.mark.parametrize(
    ("card", "button", "result"),
    [
        ("4000002760003184", "Complete", "paid succeeded"),
        (
            "4000002500003155",
            "Fail",
            "error payment_intent_authentication_failure We are unable to authenticate your "
            "payment method. Please choose a different payment method and try again.",
        ),
        ("4000008400001629", "Complete", "error card_declined Your card was declined."),
    ],
)
def test_a_challenge_opens_over_the_page(page, sandbox, shop, card, button, result):
    intent = an_intent(sandbox)
    opened(page, shop, intent)

    fill(page, card)
    page.get_by_role("button", name="Pay").click()
    bank = page.frame_locator("dialog iframe")
    expect(bank.get_by_text("€15.00 EUR")).to_be_visible()
    bank.get_by_role("button", name=button).click()

    expect(page.locator("#result")).to_have_text(result)
    expect(page.locator("dialog")).to_have_count(0)
    paid = result.startswith("paid")
    assert status_of(sandbox, intent) == ("succeeded" if paid else "requires_payment_method")


def test_a_challenge_that_is_closed_has_failed(page, sandbox, shop):
    intent = an_intent(sandbox)
    opened(page, shop, intent)

    fill(page, "4000002760003184")
    page.get_by_role("button", name="Pay").click()
    page.frame_locator("dialog iframe").get_by_role("button", name="Fail").wait_for()
    page.keyboard.press("Escape")

    expect(page.locator("#result")).to_contain_text("payment_intent_authentication_failure")
    assert status_of(sandbox, intent) == "requires_payment_method"


def test_wrong_number_is_shown_beside_its_field_and_nothing_is_sent(page, sandbox, shop):
    intent = an_intent(sandbox)
    opened(page, shop, intent)

    fill(page, "4242424242424241", expiry="1", cvc="1")
    page.get_by_role("button", name="Pay").click()

    card = page.frame_locator("iframe[title='Secure payment input frame']")
    expect(page.locator("#result")).to_contain_text("error invalid_number")
    expect(card.get_by_text("Your card number is invalid.")).to_be_visible()
    expect(card.get_by_text("security code is incomplete")).to_be_visible()
    expect(card.get_by_label("Card number")).to_have_attribute("aria-invalid", "true")
    assert status_of(sandbox, intent) == "requires_payment_method"


def test_a_page_that_wants_a_redirect_gets_one(page, sandbox, shop):
    intent = an_intent(sandbox)
    opened(page, shop, intent, redirect="always")

    fill(page, "4242424242424242")
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url(f"{shop.url}/back?**")

    assert f"order=1&payment_intent={intent.id}&" in page.url
    assert page.url.endswith("redirect_status=succeeded")


def test_a_redirect_of_the_server_comes_back_from_the_bank(page, sandbox, shop):
    params = {
        "amount": 1500,
        "currency": "eur",
        "confirm": True,
        "payment_method": "pm_card_authenticationRequired",
        "return_url": f"{shop.url}/back?order=1",
    }
    intent = sandbox.client().v1.payment_intents.create(params)

    page.goto(intent.next_action.redirect_to_url.url)
    page.get_by_role("button", name="Fail").click()
    page.wait_for_url(f"{shop.url}/back?**")

    assert page.url.endswith("redirect_status=failed")
    assert status_of(sandbox, intent) == "requires_payment_method"


def test_the_element_follows_theme_and_language(page, sandbox, shop):
    intent = an_intent(sandbox)
    opened(page, shop, intent, theme="night", locale="de")

    card = page.frame_locator("iframe[title='Secure payment input frame']")

    expect(card.get_by_label("Kartennummer")).to_be_visible()
    expect(card.locator("html")).to_have_class("night")
    expect(card.locator("#number")).to_have_css("border-radius", "10px")
    assert page.locator("iframe").bounding_box()["height"] > 120


@pytest.mark.parametrize("odd", ["en-US@posix", "C", "", None, "de-AT"])
def test_the_element_takes_whatever_language_a_browser_says(page, sandbox, shop, odd):
    page.add_init_script(
        f"Object.defineProperty(navigator, 'language', {{ get: () => {json.dumps(odd)} }})"
    )
    opened(page, shop, an_intent(sandbox), locale="auto")

    german = odd == "de-AT"
    card = page.frame_locator("iframe[title='Secure payment input frame']")
    expect(card.get_by_label("Kartennummer" if german else "Card number")).to_be_visible()


@pytest.mark.parametrize("spoilt", ["canceled", "forged"])
def test_a_payment_that_cannot_be_made_is_a_load_error(page, sandbox, shop, spoilt):
    intent = an_intent(sandbox)
    secret = intent.client_secret
    if spoilt == "canceled":
        sandbox.client().v1.payment_intents.cancel(intent.id)
    else:
        secret += "x"

    page.goto(f"{shop.url}/?secret={secret}")

    page.locator("body[data-loaderror]").wait_for()
    assert page.evaluate("seen.at(-1).error.type") == "invalid_request_error"
    assert page.evaluate("seen.length") == 1


def test_messages_of_other_origins_are_ignored(page, sandbox, shop):
    intent = an_intent(sandbox)
    opened(page, shop, intent)
    fill(page, "4242424242424242")

    page.evaluate(
        "window.postMessage({ sandboxStripe: 'change', complete: false, empty: true }, '*')"
    )
    page.wait_for_timeout(100)

    expect(page.locator("body")).to_have_attribute("data-change", "true")


def test_the_script_refuses_what_is_no_publishable_key_or_client_secret(page, sandbox, shop):
    page.goto(f"{shop.url}/")

    refused = page.evaluate(
        """() => [
          () => Stripe(""), () => Stripe("sk_test_x"),
          () => stripe.elements({ clientSecret: "nonsense" }),
          () => stripe.elements().create("payment").mount("#missing"),
        ].map((act) => { try { act(); return "done"; } catch (error) { return error.name; } })"""
    )

    assert refused == ["IntegrationError"] * 4
