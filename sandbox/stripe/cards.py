"""Stripe's published test cards and test payment methods, and their outcomes.

Source: https://docs.stripe.com/testing (cards by brand, declines, 3-D Secure).
"""

from dataclasses import dataclass
from typing import Literal

from sandbox.stripe import problems


@dataclass(frozen=True)
class Decline:
    """A decline: the error's code, its decline code and its sentence."""

    code: str
    decline_code: str | None
    message: str


GENERIC = Decline("card_declined", "generic_decline", "Your card was declined.")
INSUFFICIENT = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
LOST = Decline("card_declined", "lost_card", "Your card was declined.")
STOLEN = Decline("card_declined", "stolen_card", "Your card was declined.")
FRAUDULENT = Decline("card_declined", "fraudulent", "Your card was declined.")
EXPIRED = Decline("expired_card", "expired_card", "Your card has expired.")
INCORRECT_CVC = Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")
PROCESSING = Decline(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
)
VELOCITY = Decline(
    "card_declined", "card_velocity_exceeded", "Your card was declined for making repeated "
    "attempts too frequently or exceeding its amount limit.",
)  # fmt: skip
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)
NOT_A_TEST_CARD = Decline(
    "card_declined",
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test card. For a "
    "list of valid test cards, visit: https://stripe.com/docs/testing.",
)

Authentication = Literal["never", "unless_set_up", "always"]


@dataclass(frozen=True)
class TestCard:
    """One published test card: its brand and how the bank behaves."""

    number: str
    names: tuple[str, ...] = ()
    brand: str = "visa"
    country: str = "US"
    funding: str = "credit"
    decline: Decline | None = None
    authentication: Authentication = "never"
    refunds_fail: bool = False
    """A refund seems to succeed, and fails some time later."""


_CARDS = (
    TestCard("4242424242424242", ("visa",)),
    TestCard("4000056655665556", ("visa_debit",), funding="debit"),
    TestCard("5555555555554444", ("mastercard",), brand="mastercard"),
    TestCard("5200828282828210", ("mastercard_debit",), brand="mastercard", funding="debit"),
    TestCard("378282246310005", ("amex",), brand="amex"),
    TestCard("6011111111111117", ("discover",), brand="discover"),
    TestCard("4000002760000016", ("de",), country="DE"),
    TestCard("4000008260000000", ("gb",), country="GB"),
    TestCard("4000002500000003", ("fr",), country="FR"),
    TestCard(
        "4000000000000002", ("chargeDeclined", "visa_chargeDeclined"), decline=GENERIC
    ),
    TestCard(
        "4000000000009995",
        ("chargeDeclinedInsufficientFunds", "visa_chargeDeclinedInsufficientFunds"),
        decline=INSUFFICIENT,
    ),
    TestCard("4000000000009987", ("visa_chargeDeclinedLostCard",), decline=LOST),
    TestCard("4000000000009979", ("visa_chargeDeclinedStolenCard",), decline=STOLEN),
    TestCard("4100000000000019", ("radarBlock",), decline=FRAUDULENT),
    TestCard(
        "4000000000000069",
        ("chargeDeclinedExpiredCard", "visa_chargeDeclinedExpiredCard"),
        decline=EXPIRED,
    ),
    TestCard(
        "4000000000000127",
        ("chargeDeclinedIncorrectCvc", "visa_chargeDeclinedIncorrectCvc"),
        decline=INCORRECT_CVC,
    ),
    TestCard(
        "4000000000000119",
        ("chargeDeclinedProcessingError", "visa_chargeDeclinedProcessingError"),
        decline=PROCESSING,
    ),
    TestCard("4000000000006975", ("visa_chargeDeclinedVelocityLimitExceeded",), decline=VELOCITY),
    TestCard("4000000000000341", ("chargeCustomerFail",), decline=GENERIC),
    TestCard("4000000000005126", ("refundFail",), refunds_fail=True),
    TestCard(
        "4000002500003155", ("authenticationRequiredOnSetup",), authentication="unless_set_up"
    ),
    TestCard("4000002760003184", ("authenticationRequired",), authentication="always"),
    TestCard("4000000000003220", ("threeDSecure2Required",), authentication="always"),
    TestCard(
        "4000008260003178",
        ("authenticationRequiredChargeDeclinedInsufficientFunds",),
        decline=INSUFFICIENT,
        authentication="always",
    ),
    TestCard(
        "4000008400001629",
        ("threeDSecureRequiredChargeDeclined",),
        decline=GENERIC,
        authentication="always",
    ),
)  # fmt: skip
_BY_NUMBER = {card.number: card for card in _CARDS}
_BY_NAME = {name: card for card in _CARDS for name in card.names}


def named_card(name: str) -> TestCard | None:
    """Return the card behind `pm_card_visa`, `tok_visa` and their like, or None."""
    for prefix in ("pm_card_", "tok_"):
        if name.startswith(prefix):
            return _BY_NAME.get(name.removeprefix(prefix))
    return None


def numbered_card(number: str) -> TestCard:
    """Return the card of this number; a real one is declined as in Stripe's test mode."""
    return _BY_NUMBER.get(number) or TestCard(number, decline=NOT_A_TEST_CARD)


def check_card(number: str, exp_month: int, exp_year: int, cvc: str | None, today: str) -> None:
    """Refuse a card that no bank could have issued. `today` is such as `2026-11`."""
    if not number.isdigit() or not 12 <= len(number) <= 19 or not _luhn(number):
        message = "Your card number is incorrect."
        raise problems.card_error(message, "incorrect_number", param="number")
    if not 1 <= exp_month <= 12:
        message = "Your card's expiration month is invalid."
        raise problems.card_error(message, "invalid_expiry_month", param="exp_month")
    year = exp_year + 2000 if exp_year < 100 else exp_year
    if f"{year:04d}-{exp_month:02d}" < today or year > int(today[:4]) + 50:
        message = "Your card's expiration year is invalid."
        raise problems.card_error(message, "invalid_expiry_year", param="exp_year")
    if cvc is not None and not (cvc.isdigit() and 3 <= len(cvc) <= 4):
        message = "Your card's security code is invalid."
        raise problems.card_error(message, "invalid_cvc", param="cvc")


def _luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
