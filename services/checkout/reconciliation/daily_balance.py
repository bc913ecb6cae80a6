"""The money of one day, at the provider and in our log."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override


class DailyBalance(Aggregate):
    """What was captured and refunded on one UTC day of the provider's clock."""

    TOPIC = "checkout.daily_balance"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "checkout.daily_balance.created"

    class Opened(Aggregate.Created):
        """The day is over and compared for the first time."""

        TOPIC = "checkout.daily_balance.opened"

        day: str

    class Compared(Aggregate.Event):
        """Both sides were summed, in minor units by currency; `differing` names the first few
        movements that differ.
        """

        TOPIC = "checkout.daily_balance.compared"

        day: str
        sums: dict[str, dict[str, int]]
        differing: list[str]
        compared_at: datetime

    @event(Opened)
    def __init__(self, day: str) -> None:
        self.day = day
        self.differing: list[str] = []

    @staticmethod
    @override
    def create_id(day: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"/daily-balances/{day}")

    @property
    def equal(self) -> bool:
        """Whether both sides were equal at the last comparison."""
        return not self.differing

    def compare(
        self, sums: Mapping[str, Mapping[str, int]], differing: Sequence[str], at: datetime
    ) -> None:
        """Record a comparison."""
        kept: dict[str, Any] = {currency: dict(each) for currency, each in sums.items()}
        self.trigger_event(
            DailyBalance.Compared,
            day=self.day,
            sums=kept,
            differing=list(differing),
            compared_at=at,
        )

    @event(Compared)
    def _compared(self, differing: list[str]) -> None:
        self.differing = differing
