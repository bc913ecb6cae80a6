"""Formats money and times for a region."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_name
from babel.numbers import format_decimal
from markupsafe import Markup

from libs.money.writing import written


class Formats:
    """Formats amounts and instants for one region."""

    def __init__(self, region: Locale) -> None:
        self.region = region

    @property
    def tag(self) -> str:
        """The region as a language tag: `de-AT`."""
        return str(self.region).replace("_", "-")

    def money(self, minor: int, currency: str, exponent: int | None = None) -> str:
        """Return minor units as an amount: 1990 EUR is €19.90, and 19,90 € in German.

        `exponent` is the number of decimals that the amount was agreed with.
        """
        return written(minor, currency, self.region, exponent)

    def number(self, count: int) -> str:
        """Return a count with separators: 12345 is 12,345."""
        return format_decimal(count, locale=self.region)

    def moment(self, at: str | datetime, zone: str = "UTC") -> Markup:
        """Return an instant in a zone; a script may rewrite it in the viewer's own zone."""
        instant = _instant(at)
        there = instant.astimezone(ZoneInfo(zone))
        day = format_date(there, "medium", locale=self.region)
        hour = format_time(there, "short", locale=self.region)
        text = f"{day}, {hour} {self._zone(there)}"
        return Markup('<time datetime="{}">{}</time>').format(_utc(instant), text)

    def day(self, at: str | datetime, zone: str = "UTC") -> Markup:
        """Return a day in a zone."""
        instant = _instant(at)
        text = format_date(instant.astimezone(ZoneInfo(zone)), "long", locale=self.region)
        return Markup('<time datetime="{}" data-day>{}</time>').format(_utc(instant), text)

    def _zone(self, there: datetime) -> str:
        """Return the zone's short name in the language (MESZ), else its usual one (CEST)."""
        name = str(get_timezone_name(there, "short", locale=self.region))
        return str(there.tzname()) if name.startswith(("+", "-")) else name


def _instant(at: str | datetime) -> datetime:
    return datetime.fromisoformat(at) if isinstance(at, str) else at


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
