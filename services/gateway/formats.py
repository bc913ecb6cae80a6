"""Money and times as people of a region write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal
from markupsafe import Markup

from libs.money.writing import written


class Formats:
    """Writes amounts and instants for one region."""

    def __init__(self, region: Locale) -> None:
        self._region = region

    def money(self, minor: int, currency: str, exponent: int) -> str:
        """Integer minor units of a currency with so many decimals: 1990 EUR 2 is €19.90."""
        return written(minor, currency, self._region, exponent)

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
