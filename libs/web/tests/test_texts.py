"""Texts from the locale files: in which language, with which values, escaped or not."""

from pathlib import Path

import pytest
from babel import Locale

from libs.web.formats import Formats
from libs.web.texts import Translations, UnknownText, region_of


@pytest.fixture
def translations(tmp_path: Path) -> Translations:
    english = "hello = Hello { $name }\nuntil = Access until { $moment } <3\n"
    german = "hello = Hallo { $name }\nuntil = Offen bis { $moment } <3\n"
    (tmp_path / "en.ftl").write_text(english)
    (tmp_path / "de.ftl").write_text(german)
    return Translations(tmp_path)


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "de", "de"),
        (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
        (None, "fr,de;q=0.5,en;q=0.3", "de"),
        (None, "en;q=0.3, de;q=0.5", "de"),
        (None, "fr", "en"),
        (None, "de;q=0,en", "en"),
        (None, "*, \xe9;q=x, ;, de", "de"),
        ("de", "en-US", "de"),
        ("de-AT", "en-US", "de"),
        ("en", "de", "en"),
        ("fr", "de", "de"),
    ],
)
def test_the_choice_counts_before_the_browser_and_the_browser_before_english(
    translations: Translations, chosen: str | None, accepted: str, language: str
) -> None:
    assert translations.for_viewer(chosen, accepted).locale == language


@pytest.mark.parametrize(
    ("accepted", "language", "region"),
    [
        ("de-AT,en", "de", "de_AT"),
        ("en-US,de-CH;q=0.5", "de", "de_CH"),
        ("en-GB", "de", "de"),
        ("en-Nowhere-at-all", "en", "en"),
        ("", "en", "en"),
    ],
)
def test_numbers_are_written_as_in_the_browsers_region_of_that_language(
    accepted: str, language: str, region: str
) -> None:
    assert str(region_of(accepted, language)) == region


def test_languages_are_named_in_their_own_words(translations: Translations) -> None:
    assert translations.languages == {"de": "Deutsch", "en": "English"}


def test_an_unknown_text_or_a_missing_value_is_an_error(translations: Translations) -> None:
    texts = translations.in_language("en")

    assert texts.say("hello", name="Ada") == "Hello Ada"
    with pytest.raises(UnknownText):
        texts.say("no-such-text")
    with pytest.raises(UnknownText):
        texts.say("hello")


def test_the_first_text_that_there_is_is_said(translations: Translations) -> None:
    texts = translations.in_language("en")

    assert texts.first("no-such-text", "brand") == texts.say("brand")
    with pytest.raises(UnknownText):
        texts.first("no-such-text", "nor-this-one")


def test_a_text_round_html_is_escaped_and_the_html_is_not(translations: Translations) -> None:
    moment = Formats(Locale("de")).moment("2026-03-01T12:00:00Z")

    assert translations.in_language("de").marked("until", moment=moment) == (
        'Offen bis <time datetime="2026-03-01T12:00:00Z">01.03.2026, 12:00 UTC</time> &lt;3'
    )
