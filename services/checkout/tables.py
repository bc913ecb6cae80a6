"""Our own rows in PostgreSQL: stock, secrets, webhooks; and what is read while deciding.

Everything here runs in the unit of work that is open.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from libs.runtime.store import unit_of_work
from services.checkout.domain import PassNotFound, Payment, Standing, WebhookEvent
from services.checkout.rows import STANDING_COLUMNS, standing_of


def _run(statement: str, parameters: dict[str, Any]) -> Cursor[DictRow]:
    curs = unit_of_work.required().cursor()
    return curs.execute(statement, parameters, prepare=True)


# A seat that comes back lowers a capacity that is above what the newest version wants.
_MOVE: Final = """
    UPDATE stock SET
        held = held + %(held)s,
        sold = sold + %(sold)s,
        capacity = greatest(wanted, held + sold + %(held)s + %(sold)s)
    WHERE pass_id = %(pass_id)s AND capacity IS NOT NULL
      AND (%(held)s + %(sold)s <= 0 OR held + sold + %(held)s + %(sold)s <= capacity)
"""
_LIMITED: Final = "SELECT capacity IS NOT NULL AS limited FROM stock WHERE pass_id = %(pass_id)s"
_SHARE: Final = "SELECT pg_advisory_xact_lock_shared(4, hashtext(%(key)s))"
_ALONE: Final = "SELECT pg_advisory_xact_lock(4, hashtext(%(key)s))"
_COUNT: Final = """
    SELECT count(*) FILTER (WHERE state = 'held') AS held,
           count(*) FILTER (WHERE state = 'sold') AS sold
    FROM seat_list WHERE pass_id = %(pass_id)s
"""
_SET_CAPACITY: Final = """
    INSERT INTO stock AS s (pass_id, version_number, wanted, capacity)
    VALUES (%(pass_id)s, %(version)s, %(capacity)s::integer, %(capacity)s::integer)
    ON CONFLICT (pass_id) DO UPDATE SET
        version_number = excluded.version_number,
        wanted = excluded.wanted,
        held = CASE WHEN s.capacity IS NULL THEN %(held)s ELSE s.held END,
        sold = CASE WHEN s.capacity IS NULL THEN %(sold)s ELSE s.sold END,
        capacity = CASE WHEN excluded.wanted IS NULL THEN NULL ELSE greatest(
            excluded.wanted,
            CASE WHEN s.capacity IS NULL THEN %(held)s + %(sold)s ELSE s.held + s.sold END
        ) END
    WHERE s.version_number < excluded.version_number
"""


@dataclass
class _Allotment:
    """Free seats of a pass that a batch of buyers shares, the row being locked meanwhile."""

    pass_id: UUID
    left: int
    held: int = 0
    sold: int = 0

    def take(self, held: int, sold: int) -> bool:
        """Give one seat out."""
        if self.left == 0:
            return False
        self.left -= 1
        self.held += held
        self.sold += sold
        return True


_allotted: ContextVar[_Allotment | None] = ContextVar("allotted", default=None)
_FREE: Final = """
    SELECT greatest(capacity - held - sold, 0) AS free FROM stock
    WHERE pass_id = %(pass_id)s AND capacity IS NOT NULL FOR UPDATE
"""


class MissingSeats(Exception):
    """A batch gave out seats that were not there: everything in it is undone."""


class StockTable:
    """`stock`: one conditional UPDATE decides, and a CHECK stands behind it.

    A pass without a limit locks no row: its seats are counted from the ledger when a limit is set.
    So that none is overlooked then, who moves one meanwhile holds a shared lock.
    """

    def move(self, pass_id: UUID, held: int, sold: int) -> bool:
        """Change both by that much, unless it would exceed the capacity; whether it was done."""
        allotment = _allotted.get()
        if allotment is not None and allotment.pass_id == pass_id and held + sold == 1:
            return allotment.take(held, sold)
        return self._move(pass_id, held, sold)

    @contextmanager
    def allotted(self, pass_id: UUID, seats: int) -> Iterator[None]:
        """Within, up to so many seats of the pass are given out by counting; one UPDATE writes
        them down at the end. Without a limit there is nothing to count."""
        row = _run(_FREE, {"pass_id": pass_id}).fetchone()
        if row is None:
            yield
            return
        allotment = _Allotment(pass_id, min(seats, row["free"]))
        token = _allotted.set(allotment)
        try:
            yield
        finally:
            _allotted.reset(token)
        given = allotment.held + allotment.sold
        if given and not self._move(pass_id, allotment.held, allotment.sold):
            raise MissingSeats(pass_id)

    def _move(self, pass_id: UUID, held: int, sold: int) -> bool:
        parameters = {"pass_id": pass_id, "held": held, "sold": sold}
        if _run(_MOVE, parameters).rowcount == 1:
            return True
        _run(_SHARE, {"key": str(pass_id)})
        row = _run(_LIMITED, {"pass_id": pass_id}).fetchone()
        if row is None:
            raise PassNotFound(pass_id)
        # A limit that was set in between is asked once more.
        return not row["limited"] or _run(_MOVE, parameters).rowcount == 1

    def set_capacity(self, pass_id: UUID, version_number: int, capacity: int | None) -> bool:
        """From this version on there are that many seats; older versions change nothing."""
        _run(_ALONE, {"key": str(pass_id)})
        counted = _run(_COUNT, {"pass_id": pass_id}).fetchone() or {}
        done = _run(
            _SET_CAPACITY,
            {"pass_id": pass_id, "version": version_number, "capacity": capacity, **counted},
        )
        return done.rowcount == 1


_STANDING: Final = f"""
    SELECT {STANDING_COLUMNS} FROM pass_sale p
    WHERE p.pass_id = %(pass_id)s AND p.version_id IS NOT NULL
"""  # noqa: S608 - our own text


class BookTables:
    """What is known of passes and people when somebody wants to buy, and the locks of deciding."""

    def lock_buyer(self, person_id: UUID, pass_id: UUID) -> None:
        """Until the transaction ends."""
        _run(
            "SELECT pg_advisory_xact_lock(2, hashtext(%(key)s))", {"key": f"{person_id}/{pass_id}"}
        )

    def lock_order(self, order_id: UUID) -> None:
        """Until the transaction ends."""
        _run("SELECT pg_advisory_xact_lock(3, hashtext(%(key)s))", {"key": str(order_id)})

    def lock_buyers(self, person_ids: Sequence[UUID], pass_id: UUID) -> None:
        """The locks of a batch, always in the same order, so that two batches can't block."""
        keys = sorted(f"{person_id}/{pass_id}" for person_id in set(person_ids))
        _run(
            "SELECT pg_advisory_xact_lock(2, hashtext(key))"
            " FROM unnest(%(keys)s::text[]) WITH ORDINALITY AS k(key, n) ORDER BY n",
            {"keys": keys},
        )

    def standing(self, pass_id: UUID, person_id: UUID, at: datetime) -> Standing:
        """How the person stands to the pass. Raises PassNotFound."""
        found = _run(_STANDING, {"pass_id": pass_id, "person_id": person_id, "at": at}).fetchone()
        if found is None:
            raise PassNotFound(pass_id)
        return standing_of(pass_id, found)

    def keep_secret(self, payment: Payment) -> None:
        """Keep what lets the buyer's browser pay, until the order is settled."""
        if payment.client_secret is not None:
            _run(
                "INSERT INTO payment_secrets VALUES (%(intent)s, %(order)s, %(secret)s)"
                " ON CONFLICT DO NOTHING",
                {
                    "intent": payment.payment_intent_id,
                    "order": payment.order_id,
                    "secret": payment.client_secret,
                },
            )

    def forget_secrets(self, order_id: UUID) -> None:
        """Nothing can be paid for the order any more."""
        _run("DELETE FROM payment_secrets WHERE order_id = %(order)s", {"order": order_id})


class WebhookTable:
    """`webhook_inbox`: what the provider told us, once for each of its events."""

    def add(self, event: WebhookEvent, at: datetime) -> bool:
        """Keep it; False when it is there already."""
        added = _run(
            "INSERT INTO webhook_inbox (event_id, type, payment_intent_id, body, received_at)"
            " VALUES (%(id)s, %(type)s, %(intent)s, %(body)s, %(at)s) ON CONFLICT DO NOTHING",
            {
                "id": event.event_id,
                "type": event.type,
                "intent": event.payment_intent_id,
                "body": event.body,
                "at": at,
            },
        )
        return added.rowcount == 1

    def mark_handled(self, event_id: str, outcome: str, at: datetime) -> None:
        """Nothing is left to do for it."""
        _run(
            "UPDATE webhook_inbox SET handled_at = %(at)s, outcome = %(outcome)s, error = NULL"
            " WHERE event_id = %(id)s",
            {"id": event_id, "outcome": outcome, "at": at},
        )

    def note_error(self, event_id: str, error: str) -> None:
        """Why it could not be handled yet."""
        _run(
            "UPDATE webhook_inbox SET error = %(error)s WHERE event_id = %(id)s",
            {"id": event_id, "error": error},
        )

    def forgotten(self, kind: str, before: datetime) -> list[tuple[str, str]]:
        """Unhandled ones from before then that are not on the schedule, at most a hundred."""
        rows = _run(
            "SELECT event_id, payment_intent_id FROM webhook_inbox w WHERE handled_at IS NULL"
            " AND received_at < %(before)s AND NOT EXISTS (SELECT 1 FROM schedule s"
            " WHERE s.kind = %(kind)s AND s.key = w.event_id) ORDER BY received_at LIMIT 100",
            {"before": before, "kind": kind},
        )
        return [(row["event_id"], row["payment_intent_id"]) for row in rows]


def list_stock_differences() -> list[DictRow]:
    """Passes whose counters are not the sum of the ledger; there are none."""
    return _run(
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
