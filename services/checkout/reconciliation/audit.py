"""What reconciliation found and nobody has settled yet, for `backstage verify`."""

from collections.abc import Sequence
from typing import Final

from psycopg import Connection
from psycopg.rows import DictRow

_DIFFERING: Final = """
    SELECT day::text, sums, differing FROM balance_list
    WHERE differing <> '[]'::jsonb ORDER BY day
"""
_ORPHAN: Final = "SELECT returned_at FROM orphaned_payment_list WHERE payment_intent_id = %s"


def list_differing_days(checkout: Connection[DictRow]) -> Sequence[DictRow]:
    """Days whose sums were not the same at the provider when they were compared last."""
    return checkout.execute(_DIFFERING).fetchall()


def find_orphaned_payment(checkout: Connection[DictRow], payment_intent_id: str) -> DictRow | None:
    """When an orphaned payment was returned; None when no run has found it."""
    return checkout.execute(_ORPHAN, (payment_intent_id,)).fetchone()
