"""`backstage reconcile`: compares our records with the payment provider's lists now."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from libs.runtime.scheduling.clock import SystemClock
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.store.interventions import Operator
from ops import stores
from ops.options import As, Data, folder_of
from services.checkout.reconciliation.queries import find_orphaned_payment
from services.checkout.reconciliation.runs.run import (
    EVERY,
    RECONCILE_LISTS,
    RECONCILE_REFUNDS,
    REFUND_ORPHANED_PAYMENT,
)

Day = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="Compare only that day (UTC), and its sums again.",
    ),
]
Return = Annotated[
    str | None,
    typer.Option(
        "--return",
        metavar="PAYMENT_INTENT",
        help="Refund a payment in full whose order our log lacks.",
    ),
]


def reconcile(day: Day = None, return_: Return = None, as_: As = None, data: Data = None) -> None:
    """Have the checkout go through its payment provider's lists now instead of within an hour."""
    if day is not None and return_ is not None:
        raise typer.BadParameter("--day and --return are two commands")
    if day is not None and day.date() >= SystemClock().now().astimezone(UTC).date():
        raise typer.BadParameter("that day is not over yet (in UTC)")
    with stores.operating("checkout", folder_of(data), as_) as operator:
        said = _go_through(operator, day) if return_ is None else _return(operator, return_)
    typer.echo(said)


def _go_through(operator: Operator, day: datetime | None) -> str:
    key = EVERY if day is None else day.date().isoformat()

    def act() -> dict[str, Any]:
        clock, curs = SystemClock(), operator.cursor()
        curs.execute(
            "SELECT due_at FROM schedule WHERE kind = %s AND key = %s", (RECONCILE_LISTS, key)
        )
        row = curs.fetchone()
        payload = {"up_to_now": True} if day is None else {"day": key}
        schedule = Schedule(clock)
        schedule.at(RECONCILE_LISTS, key, clock.now(), payload)
        if day is None:
            schedule.at(RECONCILE_REFUNDS, EVERY, clock.now(), {})
        return {"was_due_at": row and row["due_at"].isoformat()}

    operator.intervene("checkout.reconcile", key, "", act)
    what = "its provider's lists" if day is None else f"its provider's lists of {key}, and its sums"
    return f"checkout goes through {what} within a second; see `backstage events tail`."


def _return(operator: Operator, payment_intent_id: str) -> str:
    def act() -> dict[str, Any]:
        clock, orphan = SystemClock(), find_orphaned_payment(operator.cursor(), payment_intent_id)
        if orphan is None:
            raise typer.BadParameter(
                f"no round has found {payment_intent_id} to be of an order that our log does not"
                " hold. If it was made not long ago, or before a restore, go through the lists"
                " first: `backstage reconcile`, or with `--day` through those of the day on which"
                " it was made"
            )
        if orphan.returned_at is not None:
            raise typer.BadParameter(f"{payment_intent_id} was refunded at {orphan.returned_at}")
        if orphan.has_order:
            raise typer.BadParameter(
                f"{payment_intent_id} is of order {orphan.order_id}, which our log holds: its team"
                " refunds it"
            )
        payload = {"payment_intent_id": payment_intent_id}
        Schedule(clock).at(REFUND_ORPHANED_PAYMENT, payment_intent_id, clock.now(), payload)
        return {
            "order_id": str(orphan.order_id),
            "amount_minor": orphan.amount_minor,
            "currency": orphan.currency,
        }

    about = operator.intervene("checkout.refund_orphaned_payment", payment_intent_id, "", act)
    return (
        f"checkout sends {payment_intent_id} back within a second: {about['amount_minor']}"
        f" {about['currency']} (in the smallest unit); see `backstage events tail`."
    )
