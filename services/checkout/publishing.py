"""Which of our domain events become public, and in what shape.

Every domain event is listed here: translated, or kept private by returning None.
"""

from functools import singledispatch

from libs.events.catalog import PricingType
from libs.events.checkout import (
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
from services.checkout.orders.order import Order
from services.checkout.orders.quote import Quote
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
    offer = Quote.from_state(event.offer)
    return OrderOpened(
        order_id=event.originator_id,
        person_id=event.person_id,
        space_id=offer.space_id,
        pass_id=offer.pass_id,
        pass_version_id=offer.version_id,
        total_minor=event.total_minor,
        currency=offer.terms.currency,
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
def _(event: Order.PaymentFailed) -> Contract:
    return PaymentFailed(
        order_id=event.originator_id,
        person_id=event.person_id,
        space_id=event.space_id,
        pass_id=event.pass_id,
        code=event.code,
    )


@to_contract.register
def _(event: Order.Fulfilled) -> Contract:
    offer = Quote.from_state(event.offer)
    terms = offer.terms
    return PassPurchased(
        order_id=event.originator_id,
        person_id=event.person_id,
        space_id=offer.space_id,
        pass_id=offer.pass_id,
        pass_version_id=offer.version_id,
        experience_ids=offer.experience_ids,
        pricing_type=PricingType(terms.pricing_type),
        total_minor=event.total_minor,
        currency=terms.currency,
        currency_exponent=terms.currency_exponent,
        granted_from=event.granted_from,
        granted_until=event.granted_until,
        space_slug=offer.space_slug,
        space_name=offer.space_name,
        pass_slug=offer.pass_slug,
        pass_name=offer.pass_name,
        redirect_url=terms.redirect_url,
    )


@to_contract.register
def _(event: Order.Refunded) -> Contract:
    return PurchaseRefunded(
        order_id=event.originator_id,
        person_id=event.person_id,
        space_id=event.space_id,
        pass_id=event.pass_id,
        amount_minor=event.amount_minor,
        currency=event.currency,
        currency_exponent=event.currency_exponent,
        full=event.full,
        cause=RefundCause(event.cause),
    )


@to_contract.register
def _(event: Order.PaymentReturned) -> Contract:
    return PaymentReturned(
        order_id=event.originator_id,
        person_id=event.person_id,
        space_id=event.space_id,
        pass_id=event.pass_id,
        amount_minor=event.amount_minor,
        currency=event.currency,
        currency_exponent=event.currency_exponent,
        cause=RefundCause(event.cause),
    )


@to_contract.register
def _(event: Order.RefundFailed) -> Contract | None:
    """Nobody was told of a refund that failed at once."""
    if not event.counted:
        return None
    return RefundFailed(
        order_id=event.originator_id,
        person_id=event.person_id,
        space_id=event.space_id,
        pass_id=event.pass_id,
        amount_minor=event.amount_minor,
        currency=event.currency,
        currency_exponent=event.currency_exponent,
        stands_again=event.stands_again,
    )


@to_contract.register(Order.PaymentRequested)
@to_contract.register(Order.PaymentIntentCreated)
@to_contract.register(Order.HoldExtended)
@to_contract.register(Order.HoldRestarted)
@to_contract.register(Order.PaymentCancelled)
@to_contract.register(Order.PaymentSucceeded)
@to_contract.register(Order.ReturnRequested)
@to_contract.register(Order.ReturnFailed)
@to_contract.register(Order.RefundRequested)
@to_contract.register(Order.RefundRefused)
def _(event: Order.Event) -> None:
    """How an order comes about is our own affair."""


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
