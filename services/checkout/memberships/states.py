"""Where a membership is, and why it ended."""

from enum import StrEnum
from typing import Final


class MembershipState(StrEnum):
    """Where a membership is."""

    ACTIVE = "active"
    ENDED = "ended"
    REFUNDED = "refunded"


class EndCause(StrEnum):
    """Why a membership ended."""

    EXPIRED = "expired"
    REFUNDED = "refunded"
    REMOVED = "removed"


LIVE: Final = frozenset({MembershipState.ACTIVE})
"""The states in which a membership counts as owned, until its `access_until`."""
