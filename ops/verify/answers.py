"""Buyers' answers match the log: each answer has its order, and each order its answer."""

from typing import Final

from psycopg import Connection
from psycopg.rows import DictRow

from ops.verify.finding import Finding

_EXAMPLES: Final = 10

# Two answers of the checkout are strings: the id of an order, and of a requested refund.
_WITHOUT_ORDER: Final = """
    SELECT c.command_id, c.answer #>> '{}' AS order_id FROM commands c
    WHERE jsonb_typeof(c.answer) = 'string'
      AND NOT EXISTS (SELECT FROM events e WHERE e.originator_id::text = c.answer #>> '{}')
      AND NOT EXISTS (SELECT FROM events e
                      WHERE e.command_id = c.command_id
                        AND e.topic = 'checkout.payment.refund_requested')
    LIMIT %s
"""
_WITHOUT_ANSWER: Final = """
    SELECT e.originator_id AS order_id, e.command_id FROM events e
    WHERE e.topic = 'checkout.order.opened'
      AND NOT EXISTS (SELECT FROM commands c
                      WHERE c.command_id = e.command_id
                        AND c.answer = to_jsonb(e.originator_id::text))
    LIMIT %s
"""


def check_answers(checkout: Connection[DictRow]) -> list[Finding]:
    """Return answers about missing orders, and orders without an answer."""
    return [
        Finding(
            "answers",
            "checkout",
            f"command {row['command_id']} was answered with order {row['order_id']}, which the log"
            " lacks",
            "backstage restore DIR; then backstage epoch new checkout",
        )
        for row in checkout.execute(_WITHOUT_ORDER, (_EXAMPLES,))
    ] + [
        Finding(
            "answers",
            "checkout",
            f"order {row['order_id']} is in the log, but its command {row['command_id']}"
            " has no stored answer",
            f"backstage events show {row['order_id']}",
        )
        for row in checkout.execute(_WITHOUT_ANSWER, (_EXAMPLES,))
    ]
