"""Payments that were captured for orders which our log does not hold."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.runtime.views.view import ViewCursor


@dataclass(frozen=True, slots=True)
class Stray:
    """One that a round has found; `has_order`: its buyer's page has opened the order again."""

    payment_intent_id: str
    order_id: UUID
    amount_minor: int
    currency: str
    found_at: datetime
    returned_at: datetime | None
    has_order: bool

    @property
    def is_kept(self) -> bool:
        """Whether we have money for nothing."""
        return self.returned_at is None and not self.has_order


def find_stray(curs: ViewCursor, payment_intent_id: str) -> Stray | None:
    """None when no round has found such a payment."""
    row = curs.execute(
        "SELECT payment_intent_id, order_id, amount_minor, currency, found_at, returned_at,"
        " EXISTS (SELECT FROM order_list o WHERE o.order_id = s.order_id) AS has_order"
        " FROM stray_payment_list s WHERE payment_intent_id = %s",
        (payment_intent_id,),
    ).fetchone()
    return None if row is None else Stray(**row)
