"""The creators' pages in German: texts, money, dates, and what is typed into forms."""

import pytest

from services.admin.tests.builders import a_pass, a_space, an_offer
from services.admin.tests.conftest import Browser
from services.admin.tests.fakes import FakeServices

PASS = "/admin/spaces/anna/passes/season"


async def test_a_page_speaks_the_language_that_the_gateway_names(browser: Browser) -> None:
    german = await browser.get("/admin", language="de-DE")
    english = await browser.get("/admin", language="en-GB")

    assert '<html lang="de">' in german.text
    assert "Deine Spaces" in german.text
    assert '<html lang="en">' in english.text
    assert "Your spaces" in english.text


async def test_a_pass_is_shown_with_german_money_and_dates(browser: Browser) -> None:
    page = await browser.get(PASS, language="de-DE")

    assert "19,90\xa0€" in page.text
    assert ">01.03.2026, 10:00 MEZ</time>" in page.text
    assert "Version 1 ist im Verkauf seit <time" in page.text


async def test_an_amount_stands_in_its_field_as_germans_type_it_and_is_read_back(
    browser: Browser, services: FakeServices
) -> None:
    services.answer("PUT catalog/spaces/anna/passes/season", {})
    page = await browser.get(f"{PASS}/edit", language="de-DE")
    await browser.send(
        f"{PASS}/edit", name="Season", pricing_type="one_time", currency="EUR", price="19,90"
    )

    assert 'name="price" type="text" value="19,90"' in page.text
    [(_, sent)] = services.sent()
    assert sent["terms"]["price_minor"] == 1990


@pytest.mark.parametrize(("language", "said"), [("de", "Das hat nicht"), ("en", "title of")])
async def test_a_refusal_without_a_sentence_of_ours_is_told_in_the_language_of_the_page(
    browser: Browser, services: FakeServices, language: str, said: str
) -> None:
    services.refuse("POST catalog/spaces/anna/publish", 409, "something_new")
    browser.language = language

    page = await browser.send("/admin/spaces/anna/publish")

    assert page.status_code == 409
    assert said in page.text


async def test_what_somebody_else_wrote_meanwhile_is_told_in_german(
    browser: Browser, services: FakeServices
) -> None:
    services.refuse("PUT catalog/spaces/anna/passes/season", 409, "changed_meanwhile")
    theirs = an_offer(name="Saison")
    services.answer("GET catalog/spaces/anna/passes/season", a_pass(draft=theirs))
    browser.language = "de"

    page = await browser.send(
        f"{PASS}/edit", name="Season", pricing_type="free", currency="EUR", waitlist="on"
    )

    assert "wurde das von jemand anderem geändert" in page.text
    for said in ("Einmalig", "nein", "Saison", "19,90"):
        assert f"Jetzt steht dort: <q>{said}</q>" in page.text


@pytest.mark.parametrize("path", ["/admin/spaces/anna", "/admin/spaces/nobodys"])
async def test_an_error_is_told_in_german(
    browser: Browser, services: FakeServices, path: str
) -> None:
    services.answer("GET catalog/spaces/anna", a_space(role=None))

    page = await browser.get(path, language="de")

    assert '<html lang="de">' in page.text
    assert "Zurück zu deinen Spaces" in page.text
