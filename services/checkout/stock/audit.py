"""Whether the counters are the sum of the ledger."""

import logging

from psycopg.rows import DictRow

from services.checkout.sql import execute

logger = logging.getLogger(__name__)


def list_stock_differences() -> list[DictRow]:
    """Passes whose counters are not the sum of the ledger; none, unless we have a fault."""
    return execute(
        """
        SELECT s.pass_id, s.held, s.sold, coalesce(l.held, 0) AS held_by_ledger,
               coalesce(l.sold, 0) AS sold_by_ledger
        FROM stock s LEFT JOIN (
            SELECT pass_id, count(*) FILTER (WHERE state = 'held') AS held,
                   count(*) FILTER (WHERE state = 'sold') AS sold
            FROM seat_list GROUP BY pass_id
        ) l USING (pass_id)
        WHERE s.capacity IS NOT NULL
          AND (s.held, s.sold) <> (coalesce(l.held, 0), coalesce(l.sold, 0))
        """,
        {},
    ).fetchall()


def audit_stock() -> None:
    """Compare counters and ledger; a difference is our fault, logged as an error."""
    for discrepancy in list_stock_differences():
        logger.error("the stock of a pass is not the sum of its ledger: %s", discrepancy)
