"""Never more held and sold than there is: at every moment of the log, and in the counters."""

from typing import Final
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from psycopg import Connection, Cursor
from psycopg.rows import DictRow

from libs.events.catalog import PassPublished
from ops import stores
from ops.verify.finding import Finding
from services.catalog.domain import AccessPass

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
_RECOUNT: Final = f"""
    UPDATE stock s SET held = f.held, sold = f.sold, capacity = greatest(wanted, f.held + f.sold)
    FROM (SELECT coalesce(sum(held), 0)::integer AS held, coalesce(sum(sold), 0)::integer AS sold
          FROM ({_MOVES}) moves WHERE moves.pass_id = %(pass_id)s) f
    WHERE s.pass_id = %(pass_id)s
"""  # noqa: S608


def check_counters(checkout: Connection[DictRow]) -> list[Finding]:
    """Counters that are not the sum of their events."""
    return [_miscounted(row) for row in checkout.execute(_COUNTERS)]


def check_prefixes(checkout: Connection[DictRow], limits: dict[str, int | None]) -> list[Finding]:
    """Moments with too many taken; `limits` says how many places each pass ever had at most."""
    found = []
    for row in checkout.execute(_PEAKS):
        limit = limits.get(str(row["pass_id"]))
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
    return found


def _miscounted(row: DictRow) -> Finding:
    return Finding(
        "stock",
        "checkout",
        f"the counter of pass {row['pass_id']} says {row['held']} held and"
        f" {row['sold']} sold, its events say {row['fold_held']} and {row['fold_sold']}",
        f"backstage stock recount {row['pass_id']}",
    )


def capacities(catalog: Connection[DictRow]) -> dict[str, int | None]:
    """How many places each pass ever had at most, by what was published; None is without limit."""
    mapper, to_contract = stores.event_mapper(), stores.announces("catalog")
    most: dict[str, int | None] = {}
    rows = catalog.execute(
        "SELECT originator_id, originator_version, topic, state FROM events WHERE topic = %s",
        (AccessPass.Published.TOPIC,),
    )
    for row in rows:
        published = to_contract(mapper.to_domain_event(StoredEvent(**row)))
        if isinstance(published, PassPublished):
            _note(most, str(published.pass_id), published.terms.stock)
    return most


def _note(most: dict[str, int | None], pass_id: str, limit: int | None) -> None:
    if pass_id in most:
        known = most[pass_id]
        limit = None if known is None or limit is None else max(known, limit)
    most[pass_id] = limit


def recount(checkout: Cursor[DictRow], pass_id: UUID) -> dict[str, int]:
    """Set a counter to what its events say, in the open transaction; tells what it said before.

    Raises LookupError for a pass that is unknown or has no limit.
    """
    before = checkout.execute(
        "SELECT held, sold FROM stock WHERE pass_id = %s AND capacity IS NOT NULL FOR UPDATE",
        (pass_id,),
    ).fetchone()
    if before is None:
        raise LookupError(f"no pass {pass_id} with a limited stock")
    checkout.execute(_RECOUNT, {"pass_id": pass_id})
    return {"held": before["held"], "sold": before["sold"]}
