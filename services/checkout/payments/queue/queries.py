"""The orders that wait for a payment."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.runtime.views.view import ViewCursor


@dataclass(frozen=True, slots=True)
class WaitingOrder:
    """An open order whose payment the provider has not made yet."""

    order_id: UUID
    person_id: UUID
    opened_at: datetime
    held_until: datetime


def list_orders_without_payment(curs: ViewCursor) -> list[WaitingOrder]:
    """All open orders without a payment, in the order in which they were opened."""
    rows = curs.execute(
        "SELECT o.order_id, o.person_id, o.opened_at, o.held_until FROM order_list o"
        " WHERE o.status = 'open' AND o.total_minor > 0 AND NOT EXISTS ("
        "  SELECT FROM payment_list p JOIN payment_secrets s USING (payment_intent_id)"
        "  WHERE p.order_id = o.order_id AND p.state IN ('created', 'failed'))"
        " ORDER BY o.opened_at, o.order_id"
    )
    return [WaitingOrder(**row) for row in rows]
