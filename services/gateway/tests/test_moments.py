"""Times on a page become those of the viewer, whatever language the browser says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

SCRIPT = Path(__file__).parents[1] / "static" / "moments.js"


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=chromium_path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("en-GB", "3 Aug 2026, 20:15"),
        ("en-US", "Aug 3, 2026, 8:15 PM"),
        ("fr", "Aug 3, 2026, 8:15 PM"),
        ("en-US@posix", "Aug 3, 2026, 8:15 PM"),
        ("", "Aug 3, 2026, 8:15 PM"),
    ],
)
def test_a_time_is_told_in_the_pages_language_and_the_viewers_region(
    said: str, shown: str, browser: Browser
) -> None:
    page = browser.new_page(locale="en-US", timezone_id="Europe/Stockholm")
    page.set_content('<html lang="en"><time datetime="2026-08-03T18:15:00Z">18:15 UTC</time>')
    page.evaluate("said => Object.defineProperty(navigator, 'language', { get: () => said })", said)

    page.add_script_tag(path=SCRIPT)

    assert page.locator("time").inner_text().replace("\u202f", " ") == shown
    page.close()
