"""Never more held and sold than there is: at every moment of the log, and in the counters."""

from typing import Final

from psycopg import Connection
from psycopg.rows import DictRow

from libs.events.catalog import PassPublished
from ops.verify.finding import Finding

# Who moves a seat holds the counter's row first, so the numbers of the events are in the order of
# the moves; the order of transactions is not.
_MOVES: Final = """
    SELECT notification_id,
           (convert_from(state, 'UTF8')::jsonb -> 'pass_id' ->> '_data_')::uuid AS pass_id,
           CASE topic WHEN 'checkout.seat.sold' THEN -1
                      WHEN 'checkout.seat.released' THEN CASE
                          WHEN convert_from(state, 'UTF8')::jsonb ->> 'was' = 'held'
                          THEN -1 ELSE 0 END
                      ELSE 1 END AS held,
           CASE topic WHEN 'checkout.seat.sold' THEN 1
                      WHEN 'checkout.seat.released' THEN CASE
                          WHEN convert_from(state, 'UTF8')::jsonb ->> 'was' = 'sold'
                          THEN -1 ELSE 0 END
                      ELSE 0 END AS sold
    FROM events WHERE topic IN ('checkout.seat.held', 'checkout.seat.held_again',
                                'checkout.seat.sold', 'checkout.seat.released')
"""
_PEAKS: Final = f"""
    WITH moves AS ({_MOVES}), totals AS (
        SELECT pass_id, sum(held + sold) OVER (PARTITION BY pass_id ORDER BY notification_id)
            AS taken FROM moves
    )
    SELECT pass_id, max(taken)::bigint AS most FROM totals GROUP BY pass_id
"""  # noqa: S608 - our own text
_COUNTERS: Final = f"""
    WITH moves AS ({_MOVES}), fold AS (
        SELECT pass_id, sum(held)::bigint AS held, sum(sold)::bigint AS sold
        FROM moves GROUP BY pass_id
    )
    SELECT s.pass_id, s.held, s.sold, coalesce(f.held, 0) AS fold_held,
           coalesce(f.sold, 0) AS fold_sold
    FROM stock s LEFT JOIN fold f USING (pass_id)
    WHERE s.capacity IS NOT NULL
      AND (s.held, s.sold) <> (coalesce(f.held, 0), coalesce(f.sold, 0))
"""  # noqa: S608
_CAPACITIES: Final = """
    SELECT (convert_from(state, 'UTF8')::jsonb) AS state, originator_id AS pass_id
    FROM events WHERE topic = 'catalog.pass.published'
"""


def check_stock(checkout: Connection[DictRow], capacities: dict[str, int | None]) -> list[Finding]:
    """What is amiss; `capacities` says for each pass how many places it ever had at most."""
    found = []
    for row in checkout.execute(_PEAKS):
        limit = capacities.get(str(row["pass_id"]))
        if limit is not None and row["most"] > limit:
            found.append(
                Finding(
                    "stock",
                    "checkout",
                    f"pass {row['pass_id']} had {row['most']} places held and sold at once;"
                    f" it never had more than {limit}",
                    f"backstage events ls --service checkout --mentions {row['pass_id']}; refund"
                    " the newest orders",
                )
            )
    for row in checkout.execute(_COUNTERS):
        found.append(
            Finding(
                "stock",
                "checkout",
                f"the counter of pass {row['pass_id']} says {row['held']} held and"
                f" {row['sold']} sold, its events say {row['fold_held']} and {row['fold_sold']}",
                f"backstage stock recount {row['pass_id']}",
            )
        )
    return found


class Capacities:
    """How many places each pass ever had at most, by what the catalog has published."""

    def __init__(self) -> None:
        self.most: dict[str, int | None] = {}

    def note(self, published: PassPublished) -> None:
        """A version of a pass; a limit that was lifted once counts as none."""
        pass_id, limit = str(published.pass_id), published.terms.stock
        if pass_id in self.most:
            known = self.most[pass_id]
            limit = None if known is None or limit is None else max(known, limit)
        self.most[pass_id] = limit
