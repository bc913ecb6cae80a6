"""The state of a source: a membership or a comp, which lets a person into channels."""

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
    """The state of a source as one event reports it.

    `version` is that of the membership. `grant_version` is that of the grant in a report of access,
    and 0 in a report of checkout: about one version of a membership, access has the last word.
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
        """Whether this state is later than the known one."""
        if known.closed_for is ClosedFor.REMOVED:
            return False
        if self.closed_for is ClosedFor.REMOVED:
            return True
        if self.closed_for is ClosedFor.LOST:
            return self.grant_version > known.grant_version
        return self._place > known._place

    def repeats(self, known: "SourceState") -> bool:
        """Whether it equals the known state and follows it at once, with nothing in between."""
        return (
            self.version == known.version
            and self.grant_version == known.grant_version + 1
            and (self.closed_for, self.valid_from, self.valid_until)
            == (known.closed_for, known.valid_from, known.valid_until)
        )

    @property
    def _place(self) -> tuple[int, int]:
        return self.version, self.grant_version
