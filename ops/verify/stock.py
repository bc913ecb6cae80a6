"""Never more seats held and sold than exist: at every moment of the log, and in the counters."""

from dataclasses import dataclass, field

from psycopg import Connection
from psycopg.rows import DictRow

from ops.verify.finding import Finding
from ops.verify.log_cursor import LogCursor, settled_end, still_there
from services.checkout.stock import audit


@dataclass
class Taken:
    """The sums of one pass's moves; the limit is unknown before a capacity was set."""

    held: int = 0
    sold: int = 0
    seats: int | None = None

    @property
    def capacity(self) -> int | None:
        """A limit lowered below the taken seats revokes nobody's seat."""
        return None if self.seats is None else max(self.seats, self.held + self.sold)


@dataclass
class Ledger:
    """The moves of all seats up to a cursor in the log, and those of `ahead` behind it.

    Not everything behind the cursor is newer: a transaction that began early may end late.
    """

    cursor: LogCursor = field(default_factory=LogCursor)
    ahead: list[tuple[int, int]] = field(default_factory=list)
    passes: dict[str, Taken] = field(default_factory=dict)


def check_stock(checkout: Connection[DictRow], known: Ledger) -> tuple[list[Finding], Ledger]:
    """Check moves that are newer than `known`, and the counters now.

    All of it at one moment of the database, at which the counters are the sum of the moves.
    """
    with checkout.transaction():
        checkout.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        if still_there(checkout, known.cursor) != known.cursor:
            known = Ledger()
        now = Ledger(settled_end(checkout), [], _copied(known.passes))
        found = _fold(checkout, known, now)
        counters = {str(row["pass_id"]): row for row in audit.list_counters(checkout)}
    for pass_id, row in counters.items():
        taken = now.passes.get(pass_id, Taken())
        if (row["wanted"], row["capacity"]) != (taken.seats, taken.capacity):
            found.append(_other_capacity(row, taken))
        # Without a limit the row counts nothing.
        if row["capacity"] is not None and (row["held"], row["sold"]) != (taken.held, taken.sold):
            found.append(_miscounted(row, taken))
    return found, now


def _copied(passes: dict[str, Taken]) -> dict[str, Taken]:
    return {pass_id: Taken(each.held, each.sold, each.seats) for pass_id, each in passes.items()}


def _fold(checkout: Connection[DictRow], known: Ledger, now: Ledger) -> list[Finding]:
    """Go through the newer moves in the order in which they were made."""
    found: dict[str, Finding] = {}
    seen = {(xact, id_) for xact, id_ in known.ahead}
    end = (now.cursor.xact, now.cursor.id)
    for row in audit.list_moves(checkout, known.cursor.xact, known.cursor.id):
        position = (row["xact"], row["notification_id"])
        if position > end:
            now.ahead.append(position)
        if position in seen:
            continue
        pass_id = str(row["pass_id"])
        taken = now.passes.setdefault(pass_id, Taken())
        if row["is_capacity"]:
            taken.seats = row["seats"]
            continue
        taken.held += row["held"]
        taken.sold += row["sold"]
        rises = row["held"] + row["sold"] > 0
        if rises and taken.seats is not None and taken.held + taken.sold > taken.seats:
            # The last of several moments is the worst one.
            found[pass_id] = _oversold(row, taken)
    return list(found.values())


def _oversold(row: DictRow, taken: Taken) -> Finding:
    return Finding(
        "stock",
        "checkout",
        f"pass {row['pass_id']} had {taken.held + taken.sold} seats held and sold at"
        f" {row['recorded_at']:%F %T %Z}, when there were {taken.seats}",
        f"backstage stock audit {row['pass_id']}; refund the newest orders",
    )


def _other_capacity(row: DictRow, taken: Taken) -> Finding:
    return Finding(
        "stock",
        "checkout",
        f"the row of pass {row['pass_id']} has {_seats(row['wanted'])} (now"
        f" {_seats(row['capacity'])}), its events give {_seats(taken.seats)} (now"
        f" {_seats(taken.capacity)})",
        f"backstage stock recount {row['pass_id']}",
    )


def _seats(number: int | None) -> str:
    return "no limit" if number is None else f"{number} seats"


def _miscounted(row: DictRow, taken: Taken) -> Finding:
    return Finding(
        "stock",
        "checkout",
        f"the counter of pass {row['pass_id']} has {row['held']} held and"
        f" {row['sold']} sold, its events give {taken.held} and {taken.sold}",
        f"backstage stock recount {row['pass_id']}",
    )
