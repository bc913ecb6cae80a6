"""`backstage grants`: access that rests on orders which no longer exist."""

from typing import Annotated, Any, Final
from uuid import UUID

import typer

from libs.runtime.scheduling.clock import SystemClock
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.store.interventions import Operator
from ops import stores
from ops.options import As, Data, folder_of
from ops.up.data_folder import DataFolder
from services.access.application import LOSE_SOURCE
from services.access.domain import GrantReason
from services.checkout.orders.states import OrderStatus

app = typer.Typer(help="What people may enter, and by what.", no_args_is_help=True)

_ORDER: Final = "SELECT status FROM order_list WHERE order_id = %s"
_STANDING: Final = """
    SELECT grant_id FROM grant_list
    WHERE source_id = %s AND reason = ANY(%s) AND revoked_at IS NULL
    ORDER BY grant_id
"""
_FROM_ORDERS: Final = [GrantReason.PURCHASE.value, GrantReason.FREE.value]
_NO_PURCHASE: Final = {OrderStatus.EXPIRED.value, OrderStatus.RETURNED.value}


@app.command("withdraw")
def withdraw(
    orders: Annotated[
        list[UUID], typer.Argument(metavar="ORDER...", help="Each as `backstage verify` names it.")
    ],
    as_: As = None,
    data: Data = None,
) -> None:
    """Have access revoke what rests on orders that are no purchases in checkout's log.

    Needed after an older copy of checkout was restored. A later purchase by the same order grants
    access again.
    """
    folder = folder_of(data)
    for order_id in orders:
        _refuse_a_purchase(order_id, folder)
    with stores.operating("access", folder, as_) as operator:
        number = sum(_withdraw(operator, order_id) for order_id in orders)
    typer.echo(f"access revokes {number} grants within a second; see `backstage events tail`.")


def _refuse_a_purchase(order_id: UUID, folder: DataFolder) -> None:
    with stores.reading(stores.database_url("checkout", folder)) as checkout:
        order = checkout.execute(_ORDER, (order_id,)).fetchone()
    if order is None or order["status"] in _NO_PURCHASE:
        return
    if order["status"] == OrderStatus.OPEN:
        raise typer.BadParameter(
            f"order {order_id} is open and may have been paid: `backstage reconcile` comes first"
        )
    raise typer.BadParameter(f"checkout's log holds the purchase {order_id}: its team refunds it")


def _withdraw(operator: Operator, order_id: UUID) -> int:
    """Return how many grants were active."""

    def act() -> dict[str, Any]:
        rows = operator.cursor().execute(_STANDING, (order_id, _FROM_ORDERS)).fetchall()
        grants = [str(row["grant_id"]) for row in rows]
        clock, payload = SystemClock(), {"source_id": str(order_id), "grant_ids": grants}
        if grants:
            Schedule(clock).at(LOSE_SOURCE, str(order_id), clock.now(), payload)
        return {"grant_ids": grants}

    done = operator.intervene("access.lose_source", str(order_id), "", act)
    return len(done["grant_ids"])
