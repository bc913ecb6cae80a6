"""Amounts as people type them, and as whole minor units."""

import re
from typing import Final

from babel import Locale
from babel.numbers import get_decimal_symbol

from libs.money import Money, UnknownCurrency, exponent_of

__all__ = ["NotAnAmount", "UnknownCurrency", "to_minor", "to_typed"]

_TYPED: Final = re.compile(r"(\d{1,12})(?:[.,](\d+))?", re.ASCII)


class NotAnAmount(ValueError):
    """The typed text is not an amount of this currency; `code` names the sentence."""

    def __init__(self, code: str, decimals: int) -> None:
        super().__init__(code)
        self.code = code
        self.decimals = decimals


def to_minor(typed: str, currency: str) -> int:
    """ "19.90" or "19,90" EUR as 1990; nothing is rounded. Raises NotAnAmount, UnknownCurrency."""
    exponent = exponent_of(currency)
    match = _TYPED.fullmatch(re.sub(r"\s", "", typed))
    if match is None:
        raise NotAnAmount("amount-malformed", exponent)
    whole, decimals = match[1], match[2] or ""
    if len(decimals) > exponent:
        raise NotAnAmount("amount-decimals", exponent)
    return int(whole + decimals.ljust(exponent, "0"))


def to_typed(minor: int, currency: str, region: Locale) -> str:
    """Return 1990 EUR as "19.90" or "19,90", as people of the region type it."""
    plain = f"{Money(minor, currency).as_decimal():.{exponent_of(currency)}f}"
    return plain.replace(".", ",") if get_decimal_symbol(region) == "," else plain
