"""The capacity of a pass, set by each of its versions; the ledger's limit."""

from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event
from typing_extensions import override


class Capacity(Aggregate):
    """The capacity that one version of a pass sets, until a newer version does."""

    TOPIC = "checkout.capacity"

    class Created(Aggregate.Created):
        """Required by the library beside a named creation event; never used."""

        TOPIC = "checkout.capacity.created"

    class Set(Aggregate.Created):
        """From here on in the log the limit is that many seats (None: no limit)."""

        TOPIC = "checkout.capacity.set"

        pass_id: UUID
        version_number: int
        seats: int | None
        set_at: datetime

    @event(Set)
    def __init__(
        self, pass_id: UUID, version_number: int, seats: int | None, set_at: datetime
    ) -> None:
        self.pass_id = pass_id
        self.version_number = version_number

    @staticmethod
    @override
    def create_id(pass_id: UUID, version_number: int) -> UUID:
        """A version sets it once."""
        return uuid5(NAMESPACE_URL, f"/capacities/{pass_id}/{version_number}")
