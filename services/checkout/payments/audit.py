"""Returned and refunded money by the log, for `backstage verify`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from services.checkout.payments.payment import Payment

_MOST_ATTEMPTS: Final = 50
"""The most payments of one order that are looked for."""

# A failed refund that was never counted takes nothing back.
_MONEY: Final = """
    SELECT count(*) FILTER (WHERE refunded AND whole AND "full")
               - count(*) FILTER (WHERE NOT refunded AND reopened) AS returned,
           coalesce(sum(amount_minor) FILTER (WHERE refunded AND NOT whole), 0)
               - coalesce(sum(amount_minor) FILTER (WHERE NOT refunded AND NOT whole AND counted),
                          0) AS refunded_minor,
           coalesce(sum(amount_minor) FILTER (WHERE refunded AND NOT whole
                                              AND recorded_at < %(before)s), 0)
               - coalesce(sum(amount_minor) FILTER (WHERE NOT refunded AND NOT whole AND counted),
                          0) AS long_refunded_minor
    FROM (SELECT topic = 'checkout.payment.refunded' AS refunded, recorded_at,
                 said ->> 'payment_intent_id' AS intent, (said ->> 'whole')::boolean AS whole,
                 (said ->> 'full')::boolean AS "full", (said ->> 'counted')::boolean AS counted,
                 (said ->> 'reopened')::boolean AS reopened,
                 (said ->> 'amount_minor')::bigint AS amount_minor
          FROM events, LATERAL (SELECT convert_from(state, 'UTF8')::jsonb AS said) AS told
          WHERE originator_id = ANY(%(ids)s)
            AND topic IN ('checkout.payment.refunded', 'checkout.payment.refund_failed')) AS moved
    WHERE intent = %(intent)s
"""
_RETURNING: Final = """
    SELECT p.order_id, p.payment_intent_id, min(e.recorded_at) AS since
    FROM payment_list p JOIN events e ON e.originator_id = p.payment_id
     AND e.topic = 'checkout.payment.refund_requested'
    WHERE p.state = 'returning'
    GROUP BY p.order_id, p.payment_intent_id HAVING min(e.recorded_at) < %s
"""


def get_money_back(
    checkout: Connection[DictRow], order_id: UUID, payment_intent_id: str, before: datetime
) -> DictRow:
    """How often a payment was `returned` in full because it bought nothing, and `refunded_minor`;
    `long_refunded_minor` of that were recorded `before`.
    """
    payments = [Payment.id_of(order_id, number) for number in range(1, _MOST_ATTEMPTS)]
    asked = {"ids": payments, "intent": payment_intent_id, "before": before}
    row = checkout.execute(_MONEY, asked).fetchone()
    if row is None:
        raise LookupError("an aggregate without a row")
    return row


def list_returning(checkout: Connection[DictRow], before: datetime) -> Sequence[DictRow]:
    """Payments whose return was requested before then and is not complete."""
    return checkout.execute(_RETURNING, (before,)).fetchall()
