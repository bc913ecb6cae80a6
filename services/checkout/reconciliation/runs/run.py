"""The progress of each run, and when it continues."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from psycopg.types.json import Jsonb

from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.store import unit_of_work
from services.checkout.payments.provider.protocol import Listing

RECONCILE_LISTS: Final = "reconcile_lists"
RECONCILE_REFUNDS: Final = "reconcile_refunds"
SETTLE_MOVEMENT: Final = "settle_movement"
REFUND_ORPHANED_PAYMENT: Final = "refund_orphaned_payment"
BALANCE_DAY: Final = "balance_day"
EVERY: Final = "all"
"""The key of the recurring entry; the entry of one day has the day as its key."""

HOURLY: Final = "hourly"
DAILY: Final = "daily"
REFUNDS: Final = "refunds"
BETWEEN_RUNS: Final = timedelta(hours=1)
OVERLAP: Final = timedelta(hours=2)
FIRST_BACK: Final = timedelta(days=3)
YOUNG: Final = timedelta(minutes=2)
"""Younger movements are left to the webhooks and the return page."""
MAY_FAIL_FOR: Final = timedelta(days=45 + 30)
"""How long after its request a refund may fail: one that is pending for 45 days fails
(support.stripe.com/questions/fix-your-pending-refund), and a bank may give one back 30 days after
it was sent (docs.stripe.com/refunds#failed-refunds)."""
_DAY: Final = timedelta(days=1)
_NIGHT: Final = timedelta(hours=3)
"""The sums of a day are compared at 03:00 UTC of the next."""

_MOVE: Final = """
    INSERT INTO reconciliation AS r (round, reached, under_way)
    VALUES (%(round)s, %(reached)s, %(under_way)s)
    ON CONFLICT (round) DO UPDATE
    SET reached = excluded.reached, under_way = excluded.under_way
    WHERE r.reached IS NOT DISTINCT FROM %(was_reached)s
      AND r.under_way IS NOT DISTINCT FROM %(was_under_way)s
"""


@dataclass(frozen=True, slots=True)
class Run:
    """A run by its name: all before `reached` was compared; `under_way` is its cursor."""

    name: str
    reached: datetime | None = None
    under_way: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of a run in the lists, and the period that it reads."""

    since: datetime
    until: datetime
    listing: Listing
    after: str | None = None

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Cursor":
        since, until = (datetime.fromisoformat(kept[name]) for name in ("since", "until"))
        return cls(since, until, Listing(kept["listing"]), kept["after"])

    def kept(self) -> dict[str, Any]:
        since, until = self.since.isoformat(), self.until.isoformat()
        return {
            "since": since,
            "until": until,
            "listing": self.listing.value,
            "after": self.after,
        }


class RunTable:
    """`reconciliation` and `seen_at_provider`, in the open unit of work."""

    def begin(self, name: str, reached: datetime) -> None:
        """Create the run from then on. Does nothing if it exists."""
        with unit_of_work.required().cursor() as curs:
            curs.execute(
                "INSERT INTO reconciliation VALUES (%s, %s, NULL) ON CONFLICT DO NOTHING",
                (name, reached),
            )

    def get(self, name: str) -> Run:
        with unit_of_work.required().cursor() as curs:
            row = curs.execute("SELECT * FROM reconciliation WHERE round = %s", (name,)).fetchone()
        return Run(name) if row is None else Run(name, row["reached"], row["under_way"])

    def move(self, was: Run, now: Run) -> bool:
        """Move the run; False if another process did meanwhile."""
        with unit_of_work.required().cursor() as curs:
            moved = curs.execute(
                _MOVE,
                {
                    "round": was.name,
                    "reached": now.reached,
                    "under_way": _json(now.under_way),
                    "was_reached": was.reached,
                    "was_under_way": _json(was.under_way),
                },
            )
            return moved.rowcount == 1

    def see(self, name: str, movement_ids: list[str]) -> None:
        """Record the movements that the run has compared."""
        with unit_of_work.required().cursor() as curs:
            curs.execute(
                "INSERT INTO seen_at_provider SELECT %s, unnest(%s::text[]) ON CONFLICT DO NOTHING",
                (name, movement_ids),
            )

    def forget_seen(self, name: str) -> None:
        """Delete what the run has compared."""
        with unit_of_work.required().cursor() as curs:
            curs.execute("DELETE FROM seen_at_provider WHERE round = %s", (name,))


def _json(kept: Mapping[str, Any] | None) -> Jsonb | None:
    return None if kept is None else Jsonb(dict(kept))


def midnight(day: str) -> datetime:
    """The beginning of a day (ISO 8601) in UTC."""
    return datetime.combine(date.fromisoformat(day), time(0), UTC)


def after_day(begins: datetime) -> datetime:
    """When the sums of the day that begins then are compared."""
    return begins + _DAY + _NIGHT


def schedule_runs(schedule: Schedule, now: datetime) -> None:
    """Schedule the runs for when they are due; a restart neither hurries nor delays them.

    The first run over the lists goes three days back; the first sums are today's.
    """
    runs = RunTable()
    runs.begin(HOURLY, now - FIRST_BACK)
    runs.begin(DAILY, midnight(now.date().isoformat()))
    runs.begin(REFUNDS, now)
    put_lists(schedule, runs.get(HOURLY), now)
    put_refunds(schedule, runs.get(REFUNDS), now)
    put_sums(schedule, runs.get(DAILY), now)


def put_lists(schedule: Schedule, hourly: Run, now: datetime) -> None:
    """Schedule the hourly run's next step; at once if a fast clock had delayed it."""
    due = now
    if hourly.under_way is None and hourly.reached is not None and hourly.reached <= now:
        due = max(now, hourly.reached + YOUNG + BETWEEN_RUNS)
    schedule.at(RECONCILE_LISTS, EVERY, due, {})


def put_refunds(schedule: Schedule, refunds: Run, now: datetime) -> None:
    """Schedule the next step of the daily run over refunds that may have failed."""
    due = now
    if refunds.under_way is None and refunds.reached is not None and refunds.reached <= now:
        due = max(now, refunds.reached + _DAY)
    schedule.at(RECONCILE_REFUNDS, EVERY, due, {})


def put_sums(schedule: Schedule, daily: Run, now: datetime) -> None:
    """Schedule the nightly run's next step."""
    due = now
    if daily.under_way is None and daily.reached is not None:
        due = max(now, after_day(daily.reached))
    schedule.at(BALANCE_DAY, EVERY, due, {})
