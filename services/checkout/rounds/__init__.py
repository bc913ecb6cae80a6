"""Rounds over the provider's own lists, page by page: what nobody told us of, and the sums.

Each step is one job, short enough for its lease; how far a round has come is a row of ours that
moves in the unit of work that records the step.
"""

from services.checkout.rounds.balancer import Balancer
from services.checkout.rounds.reconciler import Reconciler
from services.checkout.rounds.table import (
    BALANCE_DAY,
    DAILY,
    EVERY,
    HOURLY,
    RECONCILE_LISTS,
    RECONCILE_REFUNDS,
    RETURN_STRAY,
    SETTLE_LISTED,
    RoundTable,
    after_day,
    begin_rounds,
)

__all__ = [
    "BALANCE_DAY",
    "DAILY",
    "EVERY",
    "HOURLY",
    "RECONCILE_LISTS",
    "RECONCILE_REFUNDS",
    "RETURN_STRAY",
    "SETTLE_LISTED",
    "Balancer",
    "Reconciler",
    "RoundTable",
    "after_day",
    "begin_rounds",
]
