"""Figures and times as people of a region write them."""

from datetime import UTC, datetime

import pytest
from babel import Locale

from libs.web.formats import Formats


@pytest.mark.parametrize(
    ("minor", "currency", "exponent", "region", "text"),
    [
        (1990, "EUR", 2, "en_US", "€19.90"),
        (1990, "EUR", 2, "de_AT", "€ 19,90"),
        (2500, "EUR", None, "de", "25,00 €"),
        (500, "JPY", 0, "en_US", "¥500"),
        (1234, "KWD", 3, "en_US", "KWD 1.234"),
        (0, "EUR", 2, "en_US", "€0.00"),
        (150000, "ISK", 2, "en_US", "ISK 1,500.00"),
    ],
)
def test_money_is_written_by_its_exponent(
    minor: int, currency: str, exponent: int | None, region: str, text: str
) -> None:
    written = Formats(Locale.parse(region)).money(minor, currency, exponent)

    assert written.replace("\xa0", " ") == text


@pytest.mark.parametrize(
    ("region", "zone", "text"),
    [
        ("en_GB", "Europe/Vienna", "1 Jul 2026, 20:30 CEST"),
        ("en_US", "Europe/Vienna", "Jul 1, 2026, 8:30 PM CEST"),
        ("de", "Europe/Vienna", "01.07.2026, 20:30 MESZ"),
        ("de", "Asia/Kolkata", "02.07.2026, 00:00 IST"),
    ],
)
def test_an_instant_is_written_in_its_zone_and_carries_utc(
    region: str, zone: str, text: str
) -> None:
    at = datetime(2026, 7, 1, 18, 30, tzinfo=UTC)

    written = str(Formats(Locale.parse(region)).moment(at, zone)).replace("\u202f", " ")

    assert written == f'<time datetime="2026-07-01T18:30:00Z">{text}</time>'


def test_a_day_is_written_in_full() -> None:
    written = str(Formats(Locale("de")).day("2026-07-01T18:30:00Z"))

    assert written == '<time datetime="2026-07-01T18:30:00Z" data-day>1. Juli 2026</time>'


def test_services_are_told_the_region() -> None:
    assert Formats(Locale("de", "AT")).tag == "de-AT"
