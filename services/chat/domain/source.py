"""What is known of a membership or a comp that lets people into channels."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ClosedFor(StrEnum):
    """Why a source lets nobody in."""

    ENDED = "ended"
    REMOVED = "removed"
    """The team revoked the grant: for good."""
    LOST = "lost"
    """Checkout lost the order with its log: versions count from the beginning again."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """What one event says about a source: a membership of a pass, or a comp.

    `version` is that of the membership. `grant_version` is that of the grant if access said it,
    and 0 if checkout did, so that access has the last word about one version of a membership.
    """

    version: int
    grant_version: int
    closed_for: ClosedFor | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def is_open(self, at: datetime) -> bool:
        """Whether the source lets the person in at that instant."""
        if self.closed_for is not None or self.valid_from is None or at < self.valid_from:
            return False
        return self.valid_until is None or at < self.valid_until

    def replaces(self, known: "SourceState") -> bool:
        """Whether this is later than what is known."""
        if known.closed_for is ClosedFor.REMOVED:
            return False
        if self.closed_for is ClosedFor.REMOVED:
            return True
        if self.closed_for is ClosedFor.LOST:
            return self.grant_version > known.grant_version
        return self._place > known._place

    def repeats(self, known: "SourceState") -> bool:
        """Whether it says the same, and nothing can have been said between the two."""
        return (
            self.version == known.version
            and self.grant_version == known.grant_version + 1
            and (self.closed_for, self.valid_from, self.valid_until)
            == (known.closed_for, known.valid_from, known.valid_until)
        )

    @property
    def _place(self) -> tuple[int, int]:
        return self.version, self.grant_version
