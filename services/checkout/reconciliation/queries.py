"""What our views say about the objects of the provider's lists."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from libs.runtime.views.view import ViewCursor
from services.checkout.payments.provider.protocol import MovementKind, ProviderMovement

_LISTED: Final = """
    FROM unnest(%(keys)s::text[], %(says)s::text[], %(intents)s::text[], %(movements)s::text[],
                %(orders)s::uuid[], %(marked)s::boolean[])
         WITH ORDINALITY AS l(key, says, intent, movement, order_id, marked, n)
    LEFT JOIN payment_list p ON p.payment_intent_id = l.intent
    LEFT JOIN order_list o ON o.order_id = coalesce(p.order_id, l.order_id)
    LEFT JOIN money_list m ON m.order_id = o.order_id AND m.movement_id = l.movement
"""
"""The objects of a page, each with our order and what our views have of it.

A payment that we know belongs to the order that requested it, whatever order it names at the
provider: anybody may have edited that on the dashboard.
"""

_UNKNOWN: Final = f"""
    SELECT l.n, o.order_id {_LISTED}
    LEFT JOIN orphaned_payment_list x ON x.payment_intent_id = l.intent
    WHERE CASE
        WHEN o.order_id IS NULL THEN CASE l.says
            WHEN 'captured' THEN l.marked AND x.payment_intent_id IS NULL
            WHEN 'returned' THEN x.payment_intent_id IS NOT NULL AND x.returned_at IS NULL
            ELSE false
        END
        WHEN l.says = 'captured' THEN m.movement_id IS NULL
        WHEN l.says = 'refund_failed' THEN m.movement_id IS NOT NULL
        WHEN l.says = 'cancelled' THEN p.state IN ('requested', 'created', 'failed')
        ELSE m.movement_id IS NULL AND coalesce(p.state, '') NOT IN ('returning', 'returned')
    END AND NOT EXISTS (SELECT FROM schedule s WHERE s.kind = %(kind)s AND s.key = l.key)
    ORDER BY l.n
"""  # noqa: S608 - our own text
_BOOKED: Final = f"""
    SELECT l.n, p.state, m.kind, m.amount_minor {_LISTED} WHERE o.order_id IS NOT NULL ORDER BY l.n
"""
# Recorded in this time, and not in the provider's lists of it.
_UNSEEN: Final = """
    SELECT m.movement_id, m.kind, m.amount_minor, m.currency,
           m.payment_intent_id
    FROM money_list m
    WHERE m.recorded_at >= %(since)s AND m.recorded_at < %(until)s
      AND NOT EXISTS (SELECT 1 FROM seen_at_provider s
                      WHERE s.round = %(round)s AND s.movement_id = m.movement_id)
    ORDER BY m.movement_id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that moved by our log: captured, refunded, or returned since it bought nothing."""

    movement_id: str
    kind: str
    amount_minor: int
    currency: str
    payment_intent_id: str


def list_unknown(
    curs: ViewCursor, listed: Sequence[ProviderMovement], kind: str
) -> list[ProviderMovement]:
    """The listed movements that our views lack, in their order, each with its order's id.

    The use case decides under the order's lock. For orders that our log lacks: our payments that no
    run has found yet, and refunds of those found. Leaves out those scheduled as that kind.
    """
    rows = curs.execute(_UNKNOWN, _columns(listed) | {"kind": kind}, prepare=True)
    unknown = [(listed[row["n"] - 1], row["order_id"]) for row in rows]
    return [replace(each, order_id=whose or each.order_id) for each, whose in unknown]


def list_booked(
    curs: ViewCursor, listed: Sequence[ProviderMovement]
) -> list[tuple[ProviderMovement, int]]:
    """The listed movements of our orders, each with our amount for it (0: none)."""
    rows = curs.execute(_BOOKED, _columns(listed), prepare=True)
    return [(listed[row["n"] - 1], _ours(listed[row["n"] - 1], row)) for row in rows]


def _ours(listed: ProviderMovement, row: Any) -> int:
    # Of a returned payment we record its last refund alone, which stands for all.
    if listed.kind is MovementKind.RETURNED and row["state"] in {"returning", "returned"}:
        return listed.amount_minor
    return row["amount_minor"] or 0


def list_unseen(
    curs: ViewCursor, round_: str, since: datetime, until: datetime, limit: int
) -> list[Movement]:
    """What we recorded in that time and the run did not find at the provider."""
    rows = curs.execute(
        _UNSEEN, {"round": round_, "since": since, "until": until, "limit": limit}, prepare=True
    )
    return [Movement(**row) for row in rows]


def is_settling(curs: ViewCursor, kind: str) -> bool:
    """Whether an entry of that kind has not been tried yet."""
    sql = "SELECT FROM schedule WHERE kind = %s AND last_error IS NULL LIMIT 1"
    return curs.execute(sql, (kind,)).fetchone() is not None


def _columns(listed: Sequence[ProviderMovement]) -> dict[str, list[Any]]:
    return {
        "keys": [each.key for each in listed],
        "says": [each.kind.value for each in listed],
        "intents": [each.payment_intent_id for each in listed],
        "movements": [each.movement_id for each in listed],
        "orders": [each.order_id for each in listed],
        "marked": [each.marked for each in listed],
    }


@dataclass(frozen=True, slots=True)
class Orphan:
    """An orphaned payment; `has_order`: its buyer has opened the same order again."""

    payment_intent_id: str
    order_id: UUID
    amount_minor: int
    currency: str
    found_at: datetime
    returned_at: datetime | None
    has_order: bool

    @property
    def is_kept(self) -> bool:
        """Whether we keep money that bought nothing."""
        return self.returned_at is None and not self.has_order


def find_orphaned_payment(curs: ViewCursor, payment_intent_id: str) -> Orphan | None:
    row = curs.execute(
        "SELECT payment_intent_id, order_id, amount_minor, currency, found_at, returned_at,"
        " EXISTS (SELECT FROM order_list o WHERE o.order_id = s.order_id) AS has_order"
        " FROM orphaned_payment_list s WHERE payment_intent_id = %s",
        (payment_intent_id,),
    ).fetchone()
    return None if row is None else Orphan(**row)
