"""Which of our domain events become public, and in what shape.

Every domain event is listed here: translated, or kept private by returning None.
"""

from functools import singledispatch
from typing import Any
from uuid import UUID

from libs.events.catalog import PricingType
from libs.events.checkout import (
    EndCause,
    MembershipChanged,
    MembershipEnded,
    MembershipState,
    OrderExpired,
    OrderOpened,
    PassPurchased,
    PaymentFailed,
    PaymentReturned,
    PurchaseRefunded,
    RefundCause,
    RefundFailed,
)
from libs.events.contract import Contract
from services.checkout.memberships.membership import Membership
from services.checkout.orders.order import Order
from services.checkout.orders.quote import Quote
from services.checkout.payments.payment import Payment
from services.checkout.reconciliation.daily_balance import DailyBalance
from services.checkout.reconciliation.discrepancy import Discrepancy
from services.checkout.reconciliation.orphaned_payment import OrphanedPayment
from services.checkout.stock.capacity import Capacity
from services.checkout.stock.seat import Seat


@singledispatch
def to_contract(event: object) -> Contract | None:
    """Translate one domain event into what the world may know about it."""
    raise NotImplementedError(f"{type(event).__qualname__}: public or private?")


@to_contract.register
def _(event: Order.Opened) -> Contract:
    quote = Quote.from_state(event.quote)
    return OrderOpened(
        order_id=event.originator_id,
        person_id=event.person_id,
        space_id=quote.space_id,
        pass_id=quote.pass_id,
        pass_version_id=quote.version_id,
        total_minor=event.total_minor,
        currency=quote.terms.currency,
        held_until=event.held_until,
    )


@to_contract.register
def _(event: Order.Expired) -> Contract:
    return OrderExpired(
        order_id=event.originator_id,
        person_id=event.person_id,
        space_id=event.space_id,
        pass_id=event.pass_id,
    )


@to_contract.register
def _(event: Payment.Failed) -> Contract:
    return PaymentFailed(
        **_about(event),
        code=event.code,
    )


@to_contract.register
def _(event: Membership.Started) -> Contract:
    quote = Quote.from_state(event.quote)
    terms = quote.terms
    return PassPurchased(
        membership_id=event.originator_id,
        order_id=event.order_id,
        person_id=event.person_id,
        space_id=quote.space_id,
        pass_id=quote.pass_id,
        pass_version_id=quote.version_id,
        experience_ids=quote.experience_ids,
        pricing_type=PricingType(terms.pricing_type),
        total_minor=event.total_minor,
        currency=terms.currency,
        currency_exponent=terms.currency_exponent,
        access_from=event.access_from,
        access_until=event.access_until,
        space_slug=quote.space_slug,
        space_name=quote.space_name,
        pass_slug=quote.pass_slug,
        pass_name=quote.pass_name,
        redirect_url=terms.redirect_url,
    )


@to_contract.register
def _(event: Membership.Restored) -> Contract:
    return MembershipChanged(
        **_whose(event),
        state=MembershipState.ACTIVE,
        access_from=event.access_from,
        access_until=event.access_until,
    )


@to_contract.register
def _(event: Membership.Ended) -> Contract:
    return MembershipEnded(**_whose(event), cause=EndCause(event.cause))


@to_contract.register
def _(event: Payment.Refunded) -> Contract | None:
    """A payment that bought nothing is told once, when all of it is back."""
    if not event.whole:
        return PurchaseRefunded(
            **_about(event),
            amount_minor=event.amount_minor,
            currency=event.currency,
            currency_exponent=event.currency_exponent,
            full=event.full,
            cause=RefundCause(event.purpose),
        )
    if not event.full:
        return None
    return PaymentReturned(
        **_about(event),
        amount_minor=event.captured_minor,
        currency=event.currency,
        currency_exponent=event.currency_exponent,
        cause=RefundCause(event.purpose),
    )


@to_contract.register
def _(event: Payment.RefundFailed) -> Contract | None:
    """Told when the refund of a purchase had been told as made."""
    if event.whole or not event.counted:
        return None
    return RefundFailed(
        **_about(event),
        amount_minor=event.amount_minor,
        currency=event.currency,
        currency_exponent=event.currency_exponent,
        stands_again=event.stands_again,
    )


@to_contract.register(Order.HoldExtended)
@to_contract.register(Order.HoldRestarted)
@to_contract.register(Payment.Requested)
@to_contract.register(Payment.IntentCreated)
@to_contract.register(Payment.Cancelled)
@to_contract.register(Payment.Succeeded)
@to_contract.register(Payment.RefundRequested)
@to_contract.register(Payment.RefundRefused)
@to_contract.register(Order.Fulfilled)
@to_contract.register(Membership.ExperienceRemoved)
def _(event: Order.Event | Payment.Event | Membership.Event) -> None:
    """How an order and its payments come about is our own affair; so is a part of a membership."""


@to_contract.register(Seat.Held)
@to_contract.register(Seat.HeldAgain)
@to_contract.register(Seat.Sold)
@to_contract.register(Seat.Released)
@to_contract.register(Capacity.Set)
def _(event: Seat.Event | Capacity.Set) -> None:
    """The ledger of the stock is audited here; the pages ask for what is left."""


@to_contract.register(Discrepancy.Found)
@to_contract.register(DailyBalance.Opened)
@to_contract.register(DailyBalance.Compared)
@to_contract.register(OrphanedPayment.Found)
@to_contract.register(OrphanedPayment.Returned)
def _(event: Discrepancy.Event | DailyBalance.Event | OrphanedPayment.Event) -> None:
    """How our books were compared is for our operators; what it changed is told by the orders."""


def _about(event: Payment.Event) -> dict[str, UUID]:
    return {name: event.charge[name] for name in ("order_id", "person_id", "space_id", "pass_id")}


def _whose(event: Membership.Ended | Membership.Restored) -> dict[str, Any]:
    return {
        "membership_id": event.originator_id,
        "person_id": event.person_id,
        "space_id": event.space_id,
        "pass_id": event.pass_id,
        "experience_ids": tuple(event.experience_ids),
    }
