"""Compares the counters with the ledger, and both with the log."""

import logging
from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from psycopg import Connection, Cursor
from psycopg.rows import DictRow

from services.checkout.sql import execute

logger = logging.getLogger(__name__)

# Who moves a seat or sets a capacity holds the counter's row first, so the numbers of the events
# are in the order of the moves; the order of transactions is not.
_MOVES: Final = """
    SELECT xact, notification_id, recorded_at, originator_id AS seat_id,
           split_part(topic, '.', 3) AS move,
           convert_from(state, 'UTF8')::jsonb ->> 'reason' AS reason,
           (convert_from(state, 'UTF8')::jsonb -> 'order_id' ->> '_data_')::uuid AS order_id,
           (convert_from(state, 'UTF8')::jsonb ->> 'version_number')::integer AS version_number,
           (convert_from(state, 'UTF8')::jsonb -> 'pass_id' ->> '_data_')::uuid AS pass_id,
           CASE topic WHEN 'checkout.seat.sold' THEN -1
                      WHEN 'checkout.capacity.set' THEN 0
                      WHEN 'checkout.seat.released' THEN CASE
                          WHEN convert_from(state, 'UTF8')::jsonb ->> 'was' = 'held'
                          THEN -1 ELSE 0 END
                      ELSE 1 END AS held,
           CASE topic WHEN 'checkout.seat.sold' THEN 1
                      WHEN 'checkout.seat.released' THEN CASE
                          WHEN convert_from(state, 'UTF8')::jsonb ->> 'was' = 'sold'
                          THEN -1 ELSE 0 END
                      ELSE 0 END AS sold,
           topic = 'checkout.capacity.set' AS is_capacity,
           (convert_from(state, 'UTF8')::jsonb ->> 'seats')::integer AS seats
    FROM events WHERE topic IN ('checkout.seat.held', 'checkout.seat.held_again',
                                'checkout.seat.sold', 'checkout.seat.released',
                                'checkout.capacity.set')
"""
_NEWER: Final = f"""
    {_MOVES} AND (xact, notification_id) > (%s, %s) ORDER BY notification_id
"""
_LEDGER: Final = f"""
    SELECT * FROM ({_MOVES}) all_moves WHERE pass_id = %s ORDER BY notification_id
"""  # noqa: S608 - our own text
_COUNTERS: Final = "SELECT pass_id, wanted, capacity, held, sold FROM stock"
_RECOUNT: Final = f"""
    WITH moves AS MATERIALIZED (
        SELECT * FROM ({_MOVES}) all_moves WHERE pass_id = %(pass_id)s
    ), taken AS (
        SELECT coalesce(sum(held), 0)::integer AS held, coalesce(sum(sold), 0)::integer AS sold
        FROM moves
    ), newest AS (
        SELECT seats FROM moves WHERE is_capacity ORDER BY notification_id DESC LIMIT 1
    )
    UPDATE stock s SET held = taken.held, sold = taken.sold, wanted = newest.seats,
        capacity = CASE WHEN newest.seats IS NULL THEN NULL
                        ELSE greatest(newest.seats, taken.held + taken.sold) END
    FROM taken, newest WHERE s.pass_id = %(pass_id)s
"""  # noqa: S608


def list_stock_differences() -> list[DictRow]:
    """Passes whose counters differ from the ledger's sums; any is our fault."""
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
    """Compare counters and ledger; a difference is logged as an error."""
    for discrepancy in list_stock_differences():
        logger.error("the counters of a pass differ from its ledger: %s", discrepancy)


def list_moves(checkout: Connection[DictRow], xact: int, after: int) -> Iterator[DictRow]:
    """Moves of seats and new capacities after a log position, in the order of the moves."""
    with checkout.cursor("moves") as moves:
        yield from moves.execute(_NEWER, (xact, after))


def list_ledger(checkout: Connection[DictRow], pass_id: UUID) -> Iterator[DictRow]:
    """Return the moves of a pass's seats and the settings of its capacity, as they were made."""
    yield from checkout.execute(_LEDGER, (pass_id,))


def list_counters(checkout: Connection[DictRow]) -> Sequence[DictRow]:
    """The counters of each pass."""
    return checkout.execute(_COUNTERS).fetchall()


def recount(checkout: Cursor[DictRow], pass_id: UUID) -> dict[str, int | None]:
    """Set a counter and its limit to what their events say, in the open transaction.

    Returns what the row said before. Raises LookupError for a pass that is unknown.
    """
    before = checkout.execute(
        "SELECT held, sold, wanted, capacity FROM stock WHERE pass_id = %s FOR UPDATE", (pass_id,)
    ).fetchone()
    if before is None:
        raise LookupError(f"no pass {pass_id} whose stock is known")
    if checkout.execute(_RECOUNT, {"pass_id": pass_id}).rowcount == 0:
        raise LookupError(f"no event says how many seats pass {pass_id} has")
    return dict(before)
