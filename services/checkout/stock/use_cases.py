"""Use cases of the stock."""

from uuid import UUID

from services.checkout.context import Context
from services.checkout.stock.inventory import Inventory


class Stock:
    """What is decided on the stock itself; orders move its seats."""

    def __init__(self, context: Context, inventory: Inventory) -> None:
        self._context = context
        self._inventory = inventory

    def set_capacity(self, pass_id: UUID, version_number: int, capacity: int | None) -> None:
        """A version of a pass sets how many seats there are (None: no limit)."""
        now = self._context.clock.now()
        self._context.save(self._inventory.set_capacity(pass_id, version_number, capacity, now))
