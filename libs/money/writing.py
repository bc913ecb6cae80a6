"""Amounts as people of a region write them; apart, because Babel is heavy."""

import re
from decimal import Decimal
from typing import Final

from babel import Locale
from babel.numbers import format_currency, get_currency_precision

from libs.money.currency import exponent_of

_TOUCHING: Final = re.compile(r"([^\W\d_])(\d)")


def written(
    minor: int, currency: str, locale: Locale | str = "en", exponent: int | None = None
) -> str:
    """1990 EUR is €19.90. `exponent` is the decimals that the amount was agreed with."""
    decimals = exponent_of(currency) if exponent is None else exponent
    amount = Decimal(minor).scaleb(-decimals)
    if decimals == get_currency_precision(currency):
        text = format_currency(amount, currency, locale=locale)
    else:
        text = _with_decimals(amount, currency, locale, decimals)
    # A code of letters is parted from its figures (CLDR, currency spacing).
    return _TOUCHING.sub("\\1\N{NO-BREAK SPACE}\\2", str(text))


def _with_decimals(amount: Decimal, currency: str, locale: Locale | str, decimals: int) -> str:
    """Where CLDR counts other decimals than the one who moves the money."""
    places = "." + "0" * decimals if decimals else ""
    pattern = f"\N{CURRENCY SIGN}\N{CURRENCY SIGN}#,##0{places}"
    return str(format_currency(amount, currency, pattern, locale=locale, currency_digits=False))
