"""Money as people type and read it; inside it is whole minor units."""

import re
from typing import Final

from libs.money import Money, UnknownCurrency, exponent_of
from libs.money.writing import written

__all__ = ["NotAnAmount", "UnknownCurrency", "shown", "to_minor", "to_typed"]

_TYPED: Final = re.compile(r"(\d{1,12})(?:[.,](\d+))?", re.ASCII)


class NotAnAmount(ValueError):
    """What was typed is no amount of this currency; `code` names the sentence."""

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


def to_typed(minor: int, currency: str) -> str:
    """1990 EUR as "19.90", as it would be typed."""
    return f"{Money(minor, currency).as_decimal():.{exponent_of(currency)}f}"


def shown(minor: int, currency: str, locale: str = "en") -> str:
    """1990 EUR as €19.90, as the locale writes it."""
    return written(minor, currency, locale)
