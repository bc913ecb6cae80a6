"""The payment provider accepts every price that the catalog accepts as a charge, and no lower
one."""

import pytest

from libs.money import EXPONENTS, least_charge_of
from sandbox.stripe import currencies, problems


@pytest.mark.parametrize("currency", sorted(EXPONENTS))
def test_the_provider_takes_the_least_charge_and_nothing_below(currency: str) -> None:
    least = least_charge_of(currency)
    step = 100 if currency in {"ISK", "UGX"} else 10 if EXPONENTS[currency] == 3 else 1

    assert currencies.check_amount(max(least, step), currency.lower())
    with pytest.raises(problems.Refusal):
        currencies.check_amount(least - 1, currency.lower())
