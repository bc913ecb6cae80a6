"""Use cases of the stock: load, decide, save."""

from uuid import UUID

from services.checkout.context import Context
from services.checkout.stock.inventory import Inventory


class Stock:
    """Sets capacities; orders move the seats."""

    def __init__(self, context: Context, inventory: Inventory) -> None:
        self._context = context
        self._inventory = inventory

    def set_capacity(self, pass_id: UUID, version_number: int, capacity: int | None) -> None:
        """A version of a pass sets its capacity (None: no limit)."""
        now = self._context.clock.now()
        self._context.save(self._inventory.set_capacity(pass_id, version_number, capacity, now))
