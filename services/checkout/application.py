"""The checkout, put together: one composition for the service, replays and the simulation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from eventsourcing.application import Application

from services.checkout.context import Clock, Context, Locks, Schedule
from services.checkout.locks import AdvisoryLocks
from services.checkout.memberships.membership import Membership
from services.checkout.memberships.refunds import Refunds
from services.checkout.memberships.repository import MembershipReads, MembershipRepository
from services.checkout.memberships.tables import MembershipTables
from services.checkout.memberships.use_cases import Memberships
from services.checkout.orders.order import Order
from services.checkout.orders.repository import CheckoutReads, OrderRepository
from services.checkout.orders.tables import CheckoutTables
from services.checkout.orders.use_cases import HOLD, Orders
from services.checkout.payments.payment import Payment
from services.checkout.payments.use_cases import Payments
from services.checkout.reconciliation.use_cases import Reconciliation
from services.checkout.stock.inventory import Counters, Inventory
from services.checkout.stock.tables import StockTable
from services.checkout.stock.use_cases import Stock


class Checkout(Application[UUID]):
    """The event store of the checkout, with the use cases of its modules."""

    snapshotting_intervals = {Membership: 50, Order: 50, Payment: 50}  # noqa: RUF012

    stock: Stock
    orders: Orders
    payments: Payments
    memberships: Memberships
    refunds: Refunds
    reconciliation: Reconciliation


@dataclass(frozen=True)
class Parts:
    """What the checkout is made of; tests and the simulation put others in their place."""

    hold: timedelta = HOLD
    counters: Counters = field(default_factory=StockTable)
    locks: Locks = field(default_factory=AdvisoryLocks)
    reads: CheckoutReads = field(default_factory=CheckoutTables)
    owned: MembershipReads = field(default_factory=MembershipTables)
    orders: type[Orders] = Orders
    payments: type[Payments] = Payments
    refunds: type[Refunds] = Refunds


def application(
    env: Mapping[str, str] | None, clock: Clock, schedule: Schedule, parts: Parts | None = None
) -> Checkout:
    """All use cases of the checkout on one event store."""
    parts = parts or Parts()
    checkout = Checkout(env)
    context = Context(checkout.repository, checkout.save, clock, schedule, parts.locks)
    inventory = Inventory(parts.counters)
    checkout.stock = Stock(context, inventory)
    checkout.payments = parts.payments(context)
    bought = MembershipRepository(context, parts.owned)
    checkout.refunds = parts.refunds(context, bought, checkout.payments, inventory)
    checkout.memberships = Memberships(context, bought, checkout.refunds)
    checkout.orders = parts.orders(
        context,
        OrderRepository(context, parts.reads),
        inventory,
        checkout.memberships,
        checkout.payments,
        parts.hold,
    )
    checkout.reconciliation = Reconciliation(context, checkout.orders)
    return checkout
