"""The currencies that can be charged, with their number of decimals.

Stripe counts amounts in the smallest unit and publishes which currencies have none or three
decimals (docs.stripe.com/currencies). Where Stripe and ISO 4217 differ (ISK and UGX have two
decimals at Stripe), Stripe's figure applies, because Stripe moves the money.
"""

from typing import Final

_TWO: Final = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF
    CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR
    ILS INR ISK JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN
    MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP
    SLE SOS SRD STD SZL THB TJS TOP TRY TTD TWD TZS UAH UGX USD UYU UZS WST XCD YER ZAR ZMW
"""
_ZERO: Final = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
_THREE: Final = "BHD JOD KWD OMR TND"

EXPONENTS: Final[dict[str, int]] = (
    dict.fromkeys(_TWO.split(), 2)
    | dict.fromkeys(_ZERO.split(), 0)
    | dict.fromkeys(_THREE.split(), 3)
)


_LEAST: Final = {
    "USD": 50, "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500,
    "DKK": 250, "EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000,
    "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200, "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000,
}  # fmt: skip


class UnknownCurrency(ValueError):
    """The currency can't be charged."""


def exponent_of(currency: str) -> int:
    """Return a currency's number of decimals: EUR 2, JPY 0, KWD 3. Raises UnknownCurrency."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(currency) from None


def least_charge_of(currency: str) -> int:
    """Return the smallest chargeable amount in minor units: Stripe's published minimum, or 1.

    Source: docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, by presentment currency.
    If the account settles in another currency, the converted minimum of that currency applies as
    well.
    """
    exponent_of(currency)
    return _LEAST.get(currency, 1)
