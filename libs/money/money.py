"""An amount of money in one currency."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from libs.money.currency import exponent_of


@dataclass(frozen=True, slots=True)
class Money:
    """Integer minor units of one currency. Raises UnknownCurrency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        exponent_of(self.currency)

    @property
    def exponent(self) -> int:
        return exponent_of(self.currency)

    def as_decimal(self) -> Decimal:
        """Return the amount in major units: 1999 EUR cents are Decimal('19.99')."""
        return Decimal(self.minor).scaleb(-self.exponent)

    def __add__(self, other: Self) -> Self:
        if other.currency != self.currency:
            msg = f"{self.currency} and {other.currency} do not add up"
            raise ValueError(msg)
        return type(self)(self.minor + other.minor, self.currency)
