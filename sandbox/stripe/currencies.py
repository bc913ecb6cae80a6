"""Stripe's presentment currencies, their minor units and the amounts it takes.

Source: https://docs.stripe.com/currencies (supported, zero-decimal, three-decimal and special
cases, minimum and maximum charge amounts). Amounts are in minor units throughout.
"""

from sandbox.stripe import problems

_CODES = """
usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn
bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf
gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr
lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen
pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd
top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw
"""
_NO_DECIMAL_CODES = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
_SUPPORTED = _CODES.split()
_ZERO_DECIMAL = frozenset(_NO_DECIMAL_CODES.split())
_THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
_WHOLE_ONLY = frozenset({"isk", "ugx"})
"""No decimals in use, two in the API, and those two must be 00."""
_MINIMUM = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50,
    "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50,
    "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "pln": 200, "ron": 200,
    "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
_LONGEST = {"idr": 12, "cop": 10, "huf": 10, "jpy": 10, "inr": 9, "lbp": 9}
_SIGN = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def check_currency(currency: str) -> str:
    """Return the lower-case code. Refuses a currency that Stripe does not present."""
    code = currency.lower()
    if code not in _SUPPORTED:
        message = (
            f"Invalid currency: {code}. Stripe currently supports these currencies: "
            f"{', '.join(_SUPPORTED)}"
        )
        raise problems.invalid(message, param="currency")
    return code


def written(amount: int, currency: str) -> str:
    """Return an amount as a person writes it, such as `€0.50`."""
    decimals = 0 if currency in _ZERO_DECIMAL else 3 if currency in _THREE_DECIMAL else 2
    return f"{_SIGN.get(currency, '')}{amount / 10**decimals:.{decimals}f}"


def check_amount(amount: int, currency: str) -> int:
    """Return the amount. Refuses one that is too small, too large or not payable in coins."""
    if amount < 1:
        message = "This value must be greater than or equal to 1."
        code = "parameter_invalid_integer"
        raise problems.invalid(message, code=code, param="amount")
    smallest = _MINIMUM.get(currency, 1)
    if amount < smallest:
        message = f"Amount must be at least {written(smallest, currency)} {currency}"
        raise problems.invalid(message, code="amount_too_small", param="amount")
    if len(str(amount)) > _LONGEST.get(currency, 8):
        largest = written(10 ** _LONGEST.get(currency, 8) - 1, currency)
        message = f"Amount must be no more than {largest} {currency}"
        raise problems.invalid(message, code="amount_too_large", param="amount")
    step = 10 if currency in _THREE_DECIMAL else 100 if currency in _WHOLE_ONLY else 1
    if amount % step:
        message = f"Amounts in {currency} must be a multiple of {step}."
        raise problems.invalid(message, param="amount")
    return amount
