"""Which language a page speaks, and whom else the gateway tells of it."""

from typing import Any

import httpx
import pytest

from services.gateway.tests.builders import (
    NOW,
    ORDER,
    PERSON,
    SESSION,
    an_order,
    gateway,
    world,
)
from services.gateway.tests.fakes import FakeServices

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


def world_of(locale: str) -> FakeServices:
    """The same world, where the person has chosen a language."""
    fakes = world()
    session: dict[str, Any] = {
        "session_id": SESSION,
        "person_id": PERSON,
        "display_name": "Ada",
        "email": "ada@example.org",
        "locale": locale,
        "fresh_until": NOW.isoformat(),
    }
    fakes.on("identity", "GET /sessions/current", session)
    return fakes


async def test_a_stranger_sees_the_language_of_their_browser() -> None:
    async with gateway() as browser:
        german = await browser.get("/studio/season", headers=GERMAN)
        english = await browser.get("/studio/season", headers={"Accept-Language": "fr"})

        assert '<html lang="de">' in german.text
        assert "Anmelden und kaufen" in german.text
        assert "€\xa019,90" in german.text, "as Austria writes it"
        assert '<html lang="en">' in english.text
        assert "Accept-Language" in german.headers["vary"]


async def test_what_the_person_has_chosen_counts_before_their_browser() -> None:
    async with gateway(world_of("de")) as browser:
        browser.sign_in()
        page = await browser.get("/studio/season", headers={"Accept-Language": "en-US"})

        assert '<html lang="de">' in page.text
        assert "Für 19,90\xa0€ kaufen" in page.text


async def test_the_payment_form_gets_its_words_in_the_language_of_the_page() -> None:
    fakes = world_of("de")
    fakes.on("checkout", f"GET /orders/{ORDER}", an_order(total_minor=2500))
    async with gateway(fakes) as browser:
        browser.sign_in()
        page = await browser.get(f"/studio/season/orders/{ORDER}")

        assert "25,00\xa0€ bezahlen" in page.text
        assert "Deine Bank hat die Zahlung abgelehnt." in page.text
        assert "Your bank" not in page.text


@pytest.mark.parametrize(
    ("locale", "accepted", "told"),
    [("de", "en-US", "de"), ("de", "de-CH", "de-CH"), ("en", "de", "en"), ("fr", "de-AT", "de-AT")],
)
async def test_the_admin_and_the_services_are_told_the_language_of_the_page(
    locale: str, accepted: str, told: str
) -> None:
    fakes = world_of(locale)
    fakes.on("admin", "GET /admin", "<h1>Studio</h1>")
    async with gateway(fakes) as browser:
        browser.sign_in()
        await browser.get("/admin", headers={"Accept-Language": accepted})
        await browser.get("/studio", headers={"Accept-Language": accepted})

        asked = [
            *fakes.calls("admin", "GET /admin"),
            *fakes.calls("catalog", "GET /spaces/studio"),
        ]
        assert [languages(each.headers) for each in asked] == [[told], [told]]


def languages(headers: Any) -> list[str]:
    """Every value of the header: two of them would leave the choice to chance."""
    named: httpx.Headers = headers
    return named.get_list("accept-language")


async def test_an_error_is_told_in_the_language_of_the_browser() -> None:
    async with gateway() as browser:
        page = await browser.get("/nowhere", headers=GERMAN)

        assert page.status_code == 404
        assert '<html lang="de">' in page.text
        assert "Zur Startseite" in page.text
