"""Amounts written for a region. A module of its own, because Babel uses much memory."""

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
    """Write an amount: 1990 EUR is €19.90. `exponent` is the number of decimals it was agreed
    with."""
    decimals = exponent_of(currency) if exponent is None else exponent
    amount = Decimal(minor).scaleb(-decimals)
    if decimals == get_currency_precision(currency):
        text = format_currency(amount, currency, locale=locale)
    else:
        text = _with_decimals(amount, currency, locale, decimals)
    # CLDR separates a currency code of letters from the figures.
    return _TOUCHING.sub("\\1\N{NO-BREAK SPACE}\\2", str(text))


def _with_decimals(amount: Decimal, currency: str, locale: Locale | str, decimals: int) -> str:
    """The places where CLDR and Stripe disagree about decimals."""
    places = "." + "0" * decimals if decimals else ""
    pattern = f"\N{CURRENCY SIGN}\N{CURRENCY SIGN}#,##0{places}"
    return str(format_currency(amount, currency, pattern, locale=locale, currency_digits=False))
