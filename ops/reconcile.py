"""`backstage reconcile`: our books and the payment provider's lists are compared now."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from libs.runtime.clock import SystemClock
from libs.runtime.schedule import Schedule
from ops import stores
from ops.options import As, Data, folder_of
from services.checkout.rounds import EVERY, RECONCILE_LISTS

Day = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="Go through that day (UTC) alone, and draw its sums up again.",
    ),
]


def reconcile(day: Day = None, as_: As = None, data: Data = None) -> None:
    """Have the checkout go through the lists of its payment provider now, not in an hour."""
    clock = SystemClock()
    if day is not None and day.date() >= clock.now().astimezone(UTC).date():
        raise typer.BadParameter("that day is not over yet (in UTC)")
    key = EVERY if day is None else day.date().isoformat()
    with stores.operating("checkout", folder_of(data), as_) as operator:

        def act() -> dict[str, Any]:
            curs = operator.cursor()
            curs.execute(
                "SELECT due_at FROM schedule WHERE kind = %s AND key = %s", (RECONCILE_LISTS, key)
            )
            row = curs.fetchone()
            payload = {} if day is None else {"day": key}
            Schedule(clock).at(RECONCILE_LISTS, key, clock.now(), payload)
            return {"was_due_at": row and row["due_at"].isoformat()}

        operator.intervene("checkout.reconcile", key, "", act)
    what = "its provider's lists" if day is None else f"its provider's lists of {key}, and its sums"
    typer.echo(f"checkout goes through {what} within a second; see `backstage events tail`.")
