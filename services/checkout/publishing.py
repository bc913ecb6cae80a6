"""Lists every private event: public, with its contract, or private."""

from typing import Final

from libs.events.checkout import (
    MembershipChanged,
    MembershipEnded,
    MembershipState,
    OrderExpired,
    OrderOpened,
    PassPurchased,
    PaymentFailed,
    PaymentReturned,
    PurchaseRefunded,
    RefundFailed,
)
from libs.events.contract import Contract
from libs.runtime.messaging.publishing import Publishing, copied
from services.checkout.memberships.membership import Membership
from services.checkout.orders.order import Order
from services.checkout.orders.sale.quote import Quote
from services.checkout.payments.charge import Charge
from services.checkout.payments.payment import Payment
from services.checkout.reconciliation.daily_balance import DailyBalance
from services.checkout.reconciliation.discrepancy import Discrepancy
from services.checkout.reconciliation.orphaned_payment import OrphanedPayment
from services.checkout.stock.capacity import Capacity
from services.checkout.stock.seat import Seat

to_contract: Final = Publishing()

to_contract.public(Order.Expired, OrderExpired, id_as="order_id")
to_contract.public(Membership.Ended, MembershipEnded, id_as="membership_id")


@to_contract.register
def _(event: Order.Opened) -> Contract:
    quote = Quote.from_state(event.quote)
    return copied(
        OrderOpened,
        event,
        quote,
        quote.terms,
        order_id=event.originator_id,
        pass_version_id=quote.version_id,
    )


@to_contract.register
def _(event: Membership.Started) -> Contract:
    quote = Quote.from_state(event.quote)
    return copied(
        PassPurchased,
        event,
        quote,
        quote.terms,
        membership_id=event.originator_id,
        pass_version_id=quote.version_id,
    )


@to_contract.register
def _(event: Membership.Restored) -> Contract:
    return copied(
        MembershipChanged,
        event,
        membership_id=event.originator_id,
        state=MembershipState.ACTIVE,
    )


@to_contract.register
def _(event: Payment.Failed) -> Contract:
    return copied(PaymentFailed, event, Charge.from_state(event.charge))


@to_contract.register
def _(event: Payment.Refunded) -> Contract | None:
    """A payment that bought nothing is announced once, when its return is complete."""
    charge = Charge.from_state(event.charge)
    if not event.whole:
        return copied(PurchaseRefunded, event, charge, cause=event.purpose)
    if not event.full:
        return None
    return copied(
        PaymentReturned, event, charge, amount_minor=event.captured_minor, cause=event.purpose
    )


@to_contract.register
def _(event: Payment.RefundFailed) -> Contract | None:
    """Announced if the refund of a purchase had been announced."""
    if event.whole or not event.counted:
        return None
    return copied(RefundFailed, event, Charge.from_state(event.charge))


# The steps of an order and its payments stay private.
to_contract.private(Order.HoldExtended, Order.HoldRestarted, Order.Fulfilled)
to_contract.private(Payment.Requested, Payment.IntentCreated, Payment.Cancelled, Payment.Succeeded)
to_contract.private(Payment.RefundRequested, Payment.RefundRefused)
# Access itself announced the revocation.
to_contract.private(Membership.ExperienceRemoved)
# The stock's ledger is audited here; pages ask for what is left.
to_contract.private(Seat.Held, Seat.HeldAgain, Seat.Sold, Seat.Released, Capacity.Set)
# Reconciliation is for operators.
to_contract.private(Discrepancy.Found, DailyBalance.Opened, DailyBalance.Compared)
to_contract.private(OrphanedPayment.Found, OrphanedPayment.Returned)
