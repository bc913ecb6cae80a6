"""The stock's counters in PostgreSQL, used in the open unit of work."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from services.checkout.sql import execute
from services.checkout.stock.inventory import Allotment, PassNotFound

# A released seat lowers a capacity that exceeds the newest version's.
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


_FREE: Final = """
    SELECT greatest(capacity - held - sold, 0) AS free FROM stock
    WHERE pass_id = %(pass_id)s AND capacity IS NOT NULL FOR UPDATE
"""


class MissingSeats(Exception):
    """A batch sold seats that were not there: the whole batch is rolled back."""


class StockTable:
    """`stock`: one conditional UPDATE decides, backed by a CHECK.

    A pass without a limit locks no row: its seats are counted from the ledger when a limit is set.
    Every move holds a shared lock, so that this count misses none.
    """

    def move(self, pass_id: UUID, held: int, sold: int) -> bool:
        """Change both by that much; False, and no change, if that exceeds the capacity."""
        return self._move(pass_id, held, sold)

    @contextmanager
    def allotted(self, pass_id: UUID, seats: int) -> Iterator[Allotment | None]:
        """An allotment of up to so many seats; one UPDATE books them at the end.

        Yields None for a pass without a limit. Raises MissingSeats.
        """
        row = execute(_FREE, {"pass_id": pass_id}).fetchone()
        if row is None:
            yield None
            return
        allotment = Allotment(pass_id, min(seats, row["free"]))
        yield allotment
        given = allotment.held + allotment.sold
        if given and not self._move(pass_id, allotment.held, allotment.sold):
            raise MissingSeats(pass_id)

    def _move(self, pass_id: UUID, held: int, sold: int) -> bool:
        parameters = {"pass_id": pass_id, "held": held, "sold": sold}
        if execute(_MOVE, parameters).rowcount == 1:
            return True
        execute(_SHARE, {"key": str(pass_id)})
        row = execute(_LIMITED, {"pass_id": pass_id}).fetchone()
        if row is None:
            raise PassNotFound(pass_id)
        # Try again if a limit was set in between.
        return not row["limited"] or execute(_MOVE, parameters).rowcount == 1

    def set_capacity(self, pass_id: UUID, version_number: int, capacity: int | None) -> bool:
        """Set the capacity from this version on; older versions change nothing."""
        execute(_ALONE, {"key": str(pass_id)})
        counted = execute(_COUNT, {"pass_id": pass_id}).fetchone() or {}
        done = execute(
            _SET_CAPACITY,
            {"pass_id": pass_id, "version": version_number, "capacity": capacity, **counted},
        )
        return done.rowcount == 1
