"""The checkout, put together: one composition for the service, replays and the simulation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from eventsourcing.application import Application

from services.checkout.context import Clock, Context, Schedule
from services.checkout.orders.order import Order
from services.checkout.orders.refunds import Refunds
from services.checkout.orders.repository import CheckoutReads, OrderRepository
from services.checkout.orders.tables import CheckoutTables
from services.checkout.orders.use_cases import HOLD, Orders
from services.checkout.reconciliation.use_cases import Reconciliation
from services.checkout.stock.inventory import Counters, Inventory
from services.checkout.stock.tables import StockTable
from services.checkout.stock.use_cases import Stock


class Checkout(Application[UUID]):
    """The event store of the checkout, with the use cases of its modules."""

    snapshotting_intervals = {Order: 50}  # noqa: RUF012

    stock: Stock
    orders: Orders
    refunds: Refunds
    reconciliation: Reconciliation


@dataclass(frozen=True)
class Parts:
    """What the checkout is made of; tests and the simulation put others in their place."""

    hold: timedelta = HOLD
    counters: Counters = field(default_factory=StockTable)
    reads: CheckoutReads = field(default_factory=CheckoutTables)
    orders: type[Orders] = Orders
    refunds: type[Refunds] = Refunds


def application(
    env: Mapping[str, str] | None, clock: Clock, schedule: Schedule, parts: Parts | None = None
) -> Checkout:
    """All use cases of the checkout on one event store."""
    parts = parts or Parts()
    checkout = Checkout(env)
    context = Context(checkout.repository, checkout.save, clock, schedule)
    inventory = Inventory(parts.counters)
    repository = OrderRepository(context, parts.reads)
    refunds = parts.refunds(context, repository, inventory)
    orders = parts.orders(context, repository, inventory, refunds, parts.hold)
    checkout.stock = Stock(context, inventory)
    checkout.refunds, checkout.orders = refunds, orders
    checkout.reconciliation = Reconciliation(context, orders, parts.reads)
    return checkout
