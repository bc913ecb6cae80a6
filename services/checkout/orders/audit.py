"""What the log says of orders and their money, for `backstage verify`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from services.checkout.payments.payment import Payment

_MOST_ATTEMPTS: Final = 50
"""So many payments of one order are looked for: a buyer begins another one by hand."""

# A return that failed without having been called returned takes nothing back.
_OUTCOMES: Final = """
    SELECT count(*) FILTER (WHERE topic = 'checkout.order.opened') AS known,
           count(*) FILTER (WHERE topic = 'checkout.order.fulfilled' AND intent = %(intent)s)
               AS granted,
           count(*) FILTER (WHERE topic = 'checkout.payment.refunded' AND intent = %(intent)s
                            AND whole AND "full")
               - count(*) FILTER (WHERE topic = 'checkout.payment.refund_failed'
                                  AND intent = %(intent)s AND reopened)
               AS returned,
           coalesce(sum(amount_minor) FILTER (WHERE topic = 'checkout.order.refunded'
                                              AND recorded_at < %(before)s), 0)
               - coalesce(sum(amount_minor) FILTER (WHERE topic = 'checkout.order.refund_failed'),
                          0)
               AS long_refunded_minor,
           coalesce(sum(amount_minor) FILTER (WHERE topic = 'checkout.order.refunded'), 0)
               - coalesce(sum(amount_minor) FILTER (WHERE topic = 'checkout.order.refund_failed'),
                          0)
               AS refunded_minor
    FROM (SELECT topic, recorded_at, said ->> 'payment_intent_id' AS intent,
                 (said ->> 'whole')::boolean AS whole, (said ->> 'full')::boolean AS "full",
                 (said ->> 'reopened')::boolean AS reopened,
                 (said ->> 'amount_minor')::bigint AS amount_minor
          FROM events, LATERAL (SELECT convert_from(state, 'UTF8')::jsonb AS said) AS told
          WHERE originator_id = ANY(%(ids)s)) AS history
"""
_FULFILLED: Final = """
    SELECT convert_from(state, 'UTF8')::jsonb ->> 'payment_intent_id' AS payment_intent_id,
           originator_id AS order_id
    FROM events WHERE topic = 'checkout.order.fulfilled' AND recorded_at >= %(since)s
     AND (xact, notification_id) > (%(xact)s, %(id)s)
     AND (xact, notification_id) <= (%(end_xact)s, %(end_id)s)
"""
_RETURNING: Final = """
    SELECT p.order_id, p.payment_intent_id, min(e.recorded_at) AS since
    FROM payment_list p JOIN events e ON e.originator_id = p.payment_id
     AND e.topic = 'checkout.payment.refund_requested'
    WHERE p.state = 'returning'
    GROUP BY p.order_id, p.payment_intent_id HAVING min(e.recorded_at) < %s
"""
_NEVER_ENDED: Final = """
    SELECT order_id, held_until FROM order_list WHERE status = 'open' AND held_until < %s
"""


def outcomes_of(
    checkout: Connection[DictRow], order_id: UUID, payment_intent_id: str, before: datetime
) -> DictRow:
    """What became of a payment of an order: `known`, `granted` and `returned` count how often the
    log says so; `refunded_minor` and, for refunds recorded `before`, `long_refunded_minor`."""
    payments = [Payment.id_of(order_id, number) for number in range(1, _MOST_ATTEMPTS)]
    asked = {"ids": [order_id, *payments], "intent": payment_intent_id, "before": before}
    row = checkout.execute(_OUTCOMES, asked).fetchone()
    if row is None:
        raise LookupError("an aggregate without a row")
    return row


def list_fulfilled(checkout: Connection[DictRow], **bounds: Any) -> Sequence[DictRow]:
    """Orders fulfilled `since` then, and the payment of each; between two places of the log."""
    return checkout.execute(_FULFILLED, bounds).fetchall()


def list_returning(checkout: Connection[DictRow], before: datetime) -> Sequence[DictRow]:
    """Payments that are on their way back since before then."""
    return checkout.execute(_RETURNING, (before,)).fetchall()


def list_never_ended(checkout: Connection[DictRow], before: datetime) -> Sequence[DictRow]:
    """Orders that are open although their seat was held until before then."""
    return checkout.execute(_NEVER_ENDED, (before,)).fetchall()
