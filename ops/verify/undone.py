"""Overdue work: on the schedule, in the inboxes, among the dead letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from psycopg import Connection
from psycopg.rows import DictRow

from ops.verify.finding import Finding

_EXAMPLES: Final = 5

_DEAD_LETTERS: Final = """
    SELECT dead_letter_id, durable, subject, error, count(*) OVER () AS number
    FROM dead_letters WHERE skipped_at IS NULL ORDER BY dead_letter_id LIMIT %(limit)s
"""
# Each failure moves `due_at`, so work that keeps failing is never overdue.
_SCHEDULED: Final = """
    SELECT kind, key, attempts, last_error, due_at, count(*) OVER () AS number
    FROM schedule
    WHERE attempts >= %(attempts)s AND last_error IS NOT NULL OR due_at < %(late)s
    ORDER BY attempts DESC, due_at LIMIT %(limit)s
"""
_WEBHOOKS: Final = """
    SELECT event_id, received_at, to_jsonb(w) ->> 'error' AS error, count(*) OVER () AS number
    FROM webhook_inbox w WHERE handled_at IS NULL AND received_at < %(late)s
    ORDER BY received_at LIMIT %(limit)s
"""
_LEADS: Final = """
    SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = %s LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long work may take before it counts as undone.

    Eight attempts are seven minutes of failures, by `libs.runtime.scheduling.schedule`.
    """

    attempts: int = 8
    late: timedelta = timedelta(minutes=10)
    webhooks: timedelta = timedelta(minutes=5)


def check_undone(
    conn: Connection[DictRow], service: str, now: datetime, patience: Patience | None = None
) -> list[Finding]:
    """Find work of a service that waits for too long."""
    patience = patience or Patience()
    scheduled = {"attempts": patience.attempts, "late": now - patience.late}
    found = [_scheduled(service, row) for row in _first(conn, _SCHEDULED, **scheduled)]
    found += [_dead_letters(service, row) for row in _first(conn, _DEAD_LETTERS)]
    if _has_webhooks(conn):
        webhooks = _first(conn, _WEBHOOKS, late=now - patience.webhooks)
        found += [_webhook(service, row) for row in webhooks]
    return found


def has_process(conn: Connection[DictRow], service: str) -> bool:
    """Return whether any process of the service holds, or waits for, its leads."""
    return conn.execute(_LEADS, (f"{service} leads",)).fetchone() is not None


def without_process(service: str) -> Finding:
    """Report that no process publishes, subscribes or runs jobs for the service."""
    return Finding(
        "undone",
        service,
        f"no process of {service} runs",
        f"start {service} (./bp up, or `python -m services.{service}`)",
    )


def _first(conn: Connection[DictRow], statement: str, **parameters: object) -> Sequence[DictRow]:
    return conn.execute(statement, {"limit": _EXAMPLES, **parameters}).fetchall()


def _has_webhooks(conn: Connection[DictRow]) -> bool:
    row = conn.execute("SELECT to_regclass('webhook_inbox') IS NOT NULL AS there").fetchone()
    return row is not None and row["there"]


def _scheduled(service: str, row: DictRow) -> Finding:
    failed = f"failed {row['attempts']} times: {row['last_error']}"
    waits = f"has been due since {row['due_at']:%F %T %Z}"
    what = failed if row["last_error"] else waits
    return Finding(
        "undone",
        service,
        f"{row['kind']} {row['key']} {what}{_others(row)}",
        f"repair the cause; backstage schedule retry {service} {row['kind']} {row['key']}",
    )


def _dead_letters(service: str, row: DictRow) -> Finding:
    return Finding(
        "undone",
        service,
        f"message {row['dead_letter_id']} of {row['durable']} ({row['subject']}) is a dead letter:"
        f" {row['error'][:200]}{_others(row)}",
        f"backstage dead-letters show {service} {row['dead_letter_id']};"
        f" then backstage dead-letters retry {service} {row['dead_letter_id']}",
    )


def _webhook(service: str, row: DictRow) -> Finding:
    error = f": {row['error']}" if row["error"] else ""
    return Finding(
        "undone",
        service,
        f"webhook {row['event_id']} arrived at {row['received_at']:%F %T %Z} and is not handled"
        f"{error}{_others(row)}",
        f"backstage inbox retry {service} {row['event_id']}",
    )


def _others(row: DictRow) -> str:
    """Return how many are not listed one by one."""
    more = row["number"] - _EXAMPLES
    return f" (and {more} more like it)" if more > 0 else ""
