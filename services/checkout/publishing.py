"""Which of our domain events become public, and in what shape.

Every domain event is listed here: translated, or kept private by returning None.
"""

from functools import singledispatch
from uuid import UUID

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
def _(event: Order.Fulfilled) -> Contract:
    quote = Quote.from_state(event.quote)
    terms = quote.terms
    return PassPurchased(
        order_id=event.originator_id,
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
def _(event: Payment.Refunded) -> Contract | None:
    """Orders tell of their own refunds. A payment that bought nothing is told once, in full."""
    if not (event.whole and event.full):
        return None
    return PaymentReturned(
        **_about(event),
        amount_minor=event.captured_minor,
        currency=event.currency,
        currency_exponent=event.currency_exponent,
        cause=RefundCause(event.purpose),
    )


@to_contract.register
def _(event: Order.RefundFailed) -> Contract:
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


@to_contract.register(Order.HoldExtended)
@to_contract.register(Order.HoldRestarted)
@to_contract.register(Payment.Requested)
@to_contract.register(Payment.IntentCreated)
@to_contract.register(Payment.Cancelled)
@to_contract.register(Payment.Succeeded)
@to_contract.register(Payment.RefundRequested)
@to_contract.register(Payment.RefundRefused)
@to_contract.register(Payment.RefundFailed)
def _(event: Order.Event | Payment.Event) -> None:
    """How an order and its payments come about is our own affair."""


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


def _about(event: Payment.Failed | Payment.Refunded) -> dict[str, UUID]:
    return {name: event.charge[name] for name in ("order_id", "person_id", "space_id", "pass_id")}
