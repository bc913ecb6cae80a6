"""The texts of notices and mails, from the locale files, with their gaps filled."""

from collections.abc import Mapping
from copy import copy
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.dates import format_date
from fluent.runtime import FluentBundle, FluentResource

_LOCALES: Final = Path(__file__).parent / "locale"
_FALLBACK: Final = "en"


class Language:
    """Texts in the nearest available language, with money as the person's own locale writes it."""

    def __init__(self, wanted: str, bundle: FluentBundle, tag: str) -> None:
        self.tag = tag
        self._bundle = bundle
        # International English: the day comes before the month.
        self._dates = Locale.parse("en-001" if tag == "en" else tag, sep="-")
        self._money = _locale(wanted) or Locale.parse(tag)

    def say(
        self, name: str, part: str | None = None, given: Mapping[str, Any] | None = None
    ) -> str:
        """Return the text of that name, or a part of it. Raises LookupError."""
        message = self._bundle.get_message(name)
        pattern = message.value if part is None else message.attributes.get(part)
        if pattern is None:
            raise LookupError(f"{name}.{part}")
        text, problems = self._bundle.format_pattern(pattern, dict(given or {}))
        if problems:
            raise LookupError(f"{name}.{part}: {problems}")
        return str(text)

    def blanks(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return facts as texts need them: money and instants written out, missing ones marked."""
        told = {key: _plain(value) for key, value in facts.items()}
        if "amount_minor" in facts:
            told["amount"] = self.money(
                facts["amount_minor"], facts["currency"], facts["currency_exponent"]
            )
            told["is_free"] = _yes(facts["amount_minor"] == 0)
        for key, value in facts.items():
            if key.endswith("_at") and value is not None:
                told[key] = self.instant(value)
        told["is_named"] = _yes(any(facts.get(name) for name in ("pass_name", "experience_name")))
        return told

    def money(self, minor: int, currency: str, exponent: int) -> str:
        """Write an amount in minor units, with the decimals that the event names.

        Babel's own table differs from Stripe's for a few currencies, hence the pattern by hand.
        """
        pattern = copy(self._money.currency_formats["standard"])
        pattern.frac_prec = (exponent, exponent)
        amount = Decimal(minor).scaleb(-exponent)
        return str(pattern.apply(amount, self._money, currency=currency, currency_digits=False))

    def instant(self, iso: str) -> str:
        """Write an instant in UTC, and say so: the reader's time zone is unknown."""
        at = datetime.fromisoformat(iso).astimezone(UTC)
        return f"{format_date(at, 'long', locale=self._dates)}, {at:%H:%M} UTC"


class Texts:
    """Return every language that has a locale file."""

    def __init__(self) -> None:
        self._bundles = {file.stem: _bundle(file) for file in sorted(_LOCALES.glob("*.ftl"))}

    def in_language(self, wanted: str) -> Language:
        """Return the nearest language to a tag such as `de-CH`; English if there is none."""
        tag = negotiate_locale([wanted.replace("_", "-")], list(self._bundles), sep="-")
        return Language(wanted, self._bundles[tag or _FALLBACK], tag or _FALLBACK)

    def for_header(self, accept_language: str | None) -> Language:
        """Return the nearest language to the first that a browser accepts."""
        first = (accept_language or "").split(",", 1)[0].split(";", 1)[0].strip()
        return self.in_language(first or _FALLBACK)


def _bundle(file: Path) -> FluentBundle:
    bundle = FluentBundle([file.stem], use_isolating=False)
    bundle.add_resource(FluentResource(file.read_text("utf-8")))
    return bundle


def _locale(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        return None


def _plain(value: Any) -> Any:
    return "none" if value is None else value


def _yes(value: bool) -> str:
    return "yes" if value else "no"
