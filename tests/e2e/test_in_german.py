"""A German creator sells a pass to a German fan: every page speaks German, money and dates too."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from libs.web.tests.locales import texts_of
from tests.e2e import steps
from tests.e2e.conftest import Visit
from tests.e2e.running import ROOT, RunningSystem

pytestmark = [pytest.mark.e2e, pytest.mark.slow(180, "two stories in a browser, on every page")]

PRICE = "25,00\xa0€"
_TOLD_APART = 12


def english() -> list[str]:
    """Sentences of the English pages that no German page may show."""
    folders = [ROOT / "libs/web", ROOT / "services/gateway", ROOT / "services/admin"]
    texts = [text for each in folders for text in texts_of(each / "locale/en.ftl").values()]
    whole = (text for text in texts if "{" not in text and len(text) >= _TOLD_APART)
    return [text for text in whole if text != "Backstage Pass"]


def speaks_german(page: Page, *wanted: str) -> None:
    """Check that the page shows the text, no English sentence, and fits a phone."""
    main = page.locator("body")
    for text in wanted:
        expect(main).to_contain_text(text)
    expect(page.locator("html")).to_have_attribute("lang", "de")
    shown = main.inner_text() + page.title()
    assert [text for text in english() if text in shown] == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def sign_in(page: Page, system: RunningSystem, email: str) -> None:
    speaks_german(page, "E-Mail-Adresse")
    page.get_by_label("E-Mail-Adresse").fill(email)
    page.get_by_role("button", name="Code schicken").click()
    speaks_german(page, "Die sechs Ziffern")
    page.locator("#code").fill(system.code_for(email))
    page.locator("form[action='/sign-in/code'] button").click()


def open_a_space(page: Page, system: RunningSystem, slug: str) -> None:
    page.goto("/admin")
    sign_in(page, system, f"{slug}@example.com")
    speaks_german(page, "Willkommen backstage", "Leg dein Profil an")
    page.get_by_role("link", name="Profil anlegen").click()
    page.locator("#username").fill(slug.replace("-", "_"))
    page.locator("#display_name").fill("Klara")
    page.get_by_role("button", name="Profil anlegen").click()
    speaks_german(page, "Dein Profil ist angelegt.")
    page.get_by_role("link", name="Neuer Space").click()
    speaks_german(page, "Zeitzone", "Wer ihn findet")
    page.locator("#name").fill("Salon")
    page.locator("#slug").fill(slug)
    page.locator("#time_zone").select_option("Europe/Berlin")
    page.get_by_role("button", name="Space anlegen").click()
    page.get_by_role("link", name="Erlebnis hinzufügen").click()
    speaks_german(page, "mit einem Chat daneben")
    page.locator("#name").fill("Plauderei")
    page.locator("input[name=kind][value=chat]").check()
    page.get_by_role("button", name="Erlebnis hinzufügen").click()


def sell_a_pass(page: Page) -> None:
    page.get_by_role("link", name="Neuer Pass").click()
    page.locator("#name").fill("Stammplatz")
    page.get_by_label("Plauderei").check()
    page.locator("#price").fill("25,001")
    page.locator("details.panel summary").click()
    page.locator("#auto_expire_at").fill("2031-03-02T20:00")
    page.get_by_role("button", name="Entwurf speichern").click()
    speaks_german(page, "höchstens 2 Nachkommastellen")
    page.locator("#price").fill("25")
    page.get_by_role("button", name="Entwurf speichern").click()
    speaks_german(page, "Veröffentliche zuerst den Space", PRICE, "02.03.2031, 20:00 MEZ")
    page.get_by_role("link", name="Salon").click()
    page.get_by_role("button", name="Space veröffentlichen").click()
    page.get_by_role("link", name="Stammplatz").click()
    page.get_by_role("button", name="Version 1 veröffentlichen").click()
    speaks_german(page, "Der Pass ist im Verkauf.", "Version 1 ist im Verkauf seit")


def buy_it(page: Page, system: RunningSystem, slug: str) -> None:
    page.goto(f"/{slug}")
    speaks_german(page, "Stammplatz", PRICE, "Pässe")
    page.get_by_role("link", name="Stammplatz").click()
    speaks_german(page, PRICE, "Einmalige Zahlung.", "02.03.2031")
    page.get_by_role("link", name="Anmelden und kaufen").click()
    sign_in(page, system, f"fan-of-{slug}@example.com")
    page.get_by_role("button", name=f"Für {PRICE} kaufen").click()
    pay = page.get_by_role("button", name=f"{PRICE} bezahlen")
    expect(pay).to_be_enabled(timeout=15_000)
    speaks_german(page, "Stammplatz bezahlen", "Dein Platz ist bis")
    expect(page.frame_locator("#pay iframe").locator("body")).to_contain_text("Kartennummer")
    steps.pay(page, steps.CARD_DECLINED)
    refused = page.locator("#pay [role=alert]")
    expect(refused).to_contain_text("Deine Bank hat die Zahlung abgelehnt.", timeout=10_000)
    steps.pay(page)
    expect(page.locator("#welcome")).to_contain_text("Du bist drin", timeout=20_000)
    speaks_german(page, "Offen bis")


def test_a_german_fan_buys_from_a_german_creator_in_german(
    visit: Visit, system: RunningSystem
) -> None:
    slug = f"salon-{uuid4().hex[:6]}"
    with visit(language="de-DE") as creator, visit(language="de-DE") as fan:
        open_a_space(creator, system, slug)
        sell_a_pass(creator)
        buy_it(fan, system, slug)

        fan.goto("/account")
        speaks_german(fan, PRICE, "Belege", "Wo du angemeldet bist")
        expect(fan.locator("time[data-day]")).to_have_text(re.compile(r"^\d+\. \w+ 20\d\d$"))
        fan.goto("/account/notices")
        speaks_german(fan, "Beleg: Stammplatz", f"Du hast {PRICE} bezahlt.", "Willkommen bei Salon")
        creator.goto(f"/admin/spaces/{slug}/members")
        speaks_german(creator, "Zugang zu", "Kauf", PRICE)
        for path in ("", "/team", "/edit", "/experiences/plauderei", "/passes/stammplatz/edit"):
            creator.goto(f"/admin/spaces/{slug}{path}")
            speaks_german(creator)
        creator.goto("/admin/spaces/nobodys")
        speaks_german(creator, "Hier gibt es nichts")


def test_the_language_is_the_browsers_until_the_person_chooses_another(
    visit: Visit, system: RunningSystem
) -> None:
    with visit(language="de-AT") as page:
        page.goto("/account")
        sign_in(page, system, f"fan-{uuid4().hex[:8]}@example.com")
        speaks_german(page, "Sprache")

        page.get_by_label("Sprache").select_option("English")
        page.get_by_role("button", name="Speichern").click()
        expect(page.locator(".notice.good")).to_have_text("Saved.")
        page.goto("/admin")
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.locator("h1")).to_have_text("Welcome backstage")
