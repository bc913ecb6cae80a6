"""The steps of people on the pages: signing in, paying, talking, watching."""

from playwright.sync_api import Page, expect

from ops.visitor import Visitor
from tests.e2e.running import RunningSystem

CARD = "4242 4242 4242 4242"
CARD_DECLINED = "4000 0000 0000 0002"
CARD_3DS = "4000 0027 6000 3184"

_MOVES = """async (video) => {
    const canvas = document.createElement("canvas");
    canvas.width = 64; canvas.height = 36;
    const look = () => {
        const pen = canvas.getContext("2d", { willReadFrequently: true });
        pen.drawImage(video, 0, 0, 64, 36);
        return pen.getImageData(0, 0, 64, 36).data.join();
    };
    const first = look();
    for (let tries = 0; tries < 50; tries++) {
        await new Promise((done) => setTimeout(done, 100));
        if (video.videoWidth > 0 && look() !== first) return true;
    }
    return false;
}"""


def sign_in(page: Page, system: RunningSystem, email: str) -> None:
    """Type the address, fetch the code from the mailbox, type it."""
    known = len(system.codes_to(email))
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Send me a code").click()
    code = system.code_for(email, after=known)
    page.locator("#code").fill(code)
    page.locator("form[action='/sign-in/code'] button").click()


def come_as(page: Page, system: RunningSystem, visitor: Visitor) -> None:
    """Give the browser the session of somebody who signed in elsewhere."""
    session = {"name": "session", "value": visitor.session_token, "url": system.url}
    page.context.add_cookies([session])


def fill_card(page: Page, number: str) -> None:
    """Type a card into Stripe's frame."""
    frame = page.frame_locator("#pay iframe")
    frame.locator("#number").fill(number)
    frame.locator("#expiry").fill("12 / 40")
    frame.locator("#cvc").fill("123")


def pay(page: Page, number: str = CARD) -> None:
    """Fill in the card and press the button."""
    button = page.locator("#pay button")
    expect(button).to_be_enabled(timeout=15_000)
    fill_card(page, number)
    button.click()


def say_in_chat(page: Page, text: str) -> None:
    """Post a message."""
    expect(page.locator("#chat")).to_have_attribute("data-state", "ready", timeout=15_000)
    page.get_by_label("Message").fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def sees_moving_video(page: Page) -> bool:
    """Return whether the picture on the page changes within 5 s."""
    video = page.locator("#watch video")
    expect(video).to_be_visible(timeout=25_000)
    moves: bool = video.evaluate(_MOVES)
    return moves
