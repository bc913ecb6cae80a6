"""`backstage grants`: access that rests on purchases which no longer exist."""

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
from services.checkout.memberships import audit as memberships
from services.checkout.orders import audit as orders

app = typer.Typer(help="What people may enter, and by what.", no_args_is_help=True)

_STANDING: Final = """
    SELECT grant_id FROM grant_list
    WHERE source_id = %s AND reason = ANY(%s) AND revoked_at IS NULL
    ORDER BY grant_id
"""
_FROM_PURCHASES: Final = [GrantReason.PURCHASE.value, GrantReason.FREE.value]


@app.command("withdraw")
def withdraw(
    lost: Annotated[
        list[UUID],
        typer.Argument(metavar="MEMBERSHIP...", help="Each as `backstage verify` names it."),
    ],
    as_: As = None,
    data: Data = None,
) -> None:
    """Have access revoke what rests on memberships that checkout's log lacks.

    Needed after an older copy of checkout was restored. A later purchase by the same order grants
    access again.
    """
    folder = folder_of(data)
    for membership_id in lost:
        _refuse_a_purchase(membership_id, folder)
    with stores.operating("access", folder, as_) as operator:
        number = sum(_withdraw(operator, membership_id) for membership_id in lost)
    typer.echo(f"access revokes {number} grants within a second; see `backstage events tail`.")


def _refuse_a_purchase(membership_id: UUID, folder: DataFolder) -> None:
    with stores.reading(stores.database_url("checkout", folder)) as checkout:
        is_known = memberships.is_known(checkout, membership_id)
        order_id = orders.find_open_order(checkout, membership_id)
    if order_id is not None:
        raise typer.BadParameter(
            f"order {order_id} is open and may have been paid: `backstage reconcile` comes first"
        )
    if is_known:
        raise typer.BadParameter(
            f"checkout's log holds the membership {membership_id}: the team refunds its order"
        )


def _withdraw(operator: Operator, membership_id: UUID) -> int:
    """Return how many grants were active."""

    def act() -> dict[str, Any]:
        rows = operator.cursor().execute(_STANDING, (membership_id, _FROM_PURCHASES)).fetchall()
        grants = [str(row["grant_id"]) for row in rows]
        clock, payload = SystemClock(), {"source_id": str(membership_id)}
        if grants:
            Schedule(clock).at(LOSE_SOURCE, str(membership_id), clock.now(), payload)
        return {"grant_ids": grants}

    done = operator.intervene("access.lose_source", str(membership_id), "", act)
    return len(done["grant_ids"])
