"""Money and times as people of a region write them."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, get_currency_precision
from markupsafe import Markup

_TOUCHING: Final = re.compile(r"([^\W\d_])(\d)")


class Formats:
    """Writes amounts and instants for one region."""

    def __init__(self, region: Locale) -> None:
        self._region = region

    def money(self, minor: int, currency: str, exponent: int) -> str:
        """Integer minor units of a currency with so many decimals: 1990 EUR 2 is €19.90."""
        amount = Decimal(minor).scaleb(-exponent)
        if exponent == get_currency_precision(currency):
            written = format_currency(amount, currency, locale=self._region)
        else:
            written = self._with_decimals(amount, currency, exponent)
        # A code of letters is parted from its figures (CLDR, currency spacing).
        return _TOUCHING.sub("\\1\N{NO-BREAK SPACE}\\2", written)

    def _with_decimals(self, amount: Decimal, currency: str, exponent: int) -> str:
        """Where CLDR counts other decimals than the one who moves the money."""
        decimals = "." + "0" * exponent if exponent else ""
        pattern = f"\N{CURRENCY SIGN}\N{CURRENCY SIGN}#,##0{decimals}"
        return format_currency(
            amount, currency, pattern, locale=self._region, currency_digits=False
        )

    def number(self, count: int) -> str:
        """How many of something: 12345 is 12,345."""
        return format_decimal(count, locale=self._region)

    def moment(self, at: str | datetime, zone: str = "UTC") -> Markup:
        """An instant in a zone; a script of the page rewrites it in the viewer's own."""
        instant = _instant(at)
        there = instant.astimezone(ZoneInfo(zone))
        day = format_date(there, "medium", locale=self._region)
        hour = format_time(there, "short", locale=self._region)
        text = f"{day}, {hour} {there.tzname()}"
        return Markup('<time datetime="{}">{}</time>').format(_utc(instant), text)

    def day(self, at: str | datetime, zone: str = "UTC") -> Markup:
        """A day in a zone."""
        instant = _instant(at)
        text = format_date(instant.astimezone(ZoneInfo(zone)), "long", locale=self._region)
        return Markup('<time datetime="{}" data-day>{}</time>').format(_utc(instant), text)


def _instant(at: str | datetime) -> datetime:
    return datetime.fromisoformat(at) if isinstance(at, str) else at


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
