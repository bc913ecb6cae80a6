"""Money in integer minor units of an ISO 4217 currency. No code multiplies by a power of ten."""

from libs.money.currency import EXPONENTS, UnknownCurrency, exponent_of, least_charge_of
from libs.money.money import Money

__all__ = ["EXPONENTS", "Money", "UnknownCurrency", "exponent_of", "least_charge_of"]
