"""News about events of other services: the kind, the link, the facts."""

from typing import Any, Final
from uuid import UUID

from libs.events.checkout import PassPurchased, PaymentReturned, PurchaseRefunded
from libs.events.envelope import Envelope
from services.notifications.application import Names, News
from services.notifications.domain import Kind

_RECEIPTS: Final = "/account"
_SESSIONS: Final = "/account#sessions"
_SPACES: Final = "/account/purchased_spaces"


def receipt_of(purchased: PassPurchased, about: Envelope) -> News:
    """A receipt: pass, amount, order, time and end; a one-time payment has no next charge."""
    until = purchased.access_until
    return News(
        about_event_id=about.id,
        kind=Kind.RECEIPT,
        url=_RECEIPTS,
        facts={
            "pass_name": purchased.pass_name,
            "space_name": purchased.space_name,
            "order_id": str(purchased.order_id),
            **_money(purchased.total_minor, purchased.currency, purchased.currency_exponent),
            "bought_at": about.occurred_at.isoformat(),
            "access_until_at": None if until is None else until.isoformat(),
        },
        space_id=purchased.space_id,
    )


def welcome_of(purchased: PassPurchased, about: Envelope) -> News:
    """A welcome with the way to the member area."""
    return News(
        about_event_id=about.id,
        kind=Kind.WELCOME,
        url=f"{_SPACES}/{purchased.space_slug}",
        facts={"pass_name": purchased.pass_name, "space_name": purchased.space_name},
        space_id=purchased.space_id,
    )


def refund_of(refunded: PurchaseRefunded, about: Envelope, names: Names) -> News:
    """The refunded amount, and whether access ended with it."""
    facts = _returned(refunded, about, names) | {"full": "yes" if refunded.full else "no"}
    return News(about.id, Kind.REFUND, _RECEIPTS, facts, refunded.space_id)


def return_of(returned: PaymentReturned, about: Envelope, names: Names) -> News:
    """An apology: a charge bought nothing and was refunded in full."""
    facts = _returned(returned, about, names) | {"cause": str(returned.cause)}
    return News(about.id, Kind.PAYMENT_RETURNED, _RECEIPTS, facts, returned.space_id)


def account_of(event_id: UUID) -> News:
    """A first hello in the app."""
    return News(event_id, Kind.ACCOUNT_OPENED, _SPACES)


def new_sign_in_of(about: Envelope) -> News:
    """When another browser signed in, and where to end sessions."""
    facts = {"signed_in_at": about.occurred_at.isoformat()}
    return News(about.id, Kind.NEW_SIGN_IN, _SESSIONS, facts)


def _returned(
    money: PurchaseRefunded | PaymentReturned, about: Envelope, names: Names
) -> dict[str, Any]:
    return {
        "pass_name": names.name,
        "space_name": names.space_name,
        "order_id": str(money.order_id),
        **_money(money.amount_minor, money.currency, money.currency_exponent),
        "returned_at": about.occurred_at.isoformat(),
    }


def _money(minor: int, currency: str, exponent: int) -> dict[str, Any]:
    return {"amount_minor": minor, "currency": currency, "currency_exponent": exponent}
