"""`backstage drift`: where a provider differs from our data, and how to repair that."""

from functools import partial
from typing import Annotated, Any, Final

import typer

from libs.runtime.scheduling.clock import SystemClock
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.store.interventions import Operator
from ops import stores
from ops.options import As, Data, folder_of
from ops.up.data_folder import DataFolder
from ops.verify.command import provider_variables
from ops.verify.entitlements import (
    CHANNELS,
    Discrepancy,
    StreamMembers,
    as_findings,
    channels,
    discrepancies,
    may_enter,
)
from services.chat.application import SETTLE_SEAT

_MEMBERSHIP: Final = """
    SELECT membership_id FROM seat_list WHERE experience_id = %s AND person_id::text = %s
"""


def drift(
    fix: Annotated[
        bool, typer.Option("--fix", help="Have chat add or remove these people.")
    ] = False,
    as_: As = None,
    data: Data = None,
) -> None:
    """Compare the channel members at the chat provider with who may be there; exit 1 if they
    differ."""
    folder = folder_of(data)
    found = _discrepancies(folder)
    for finding in as_findings(found, CHANNELS):
        typer.echo(finding.sentence)
    if not fix:
        raise typer.Exit(1 if found else 0)
    with stores.operating("chat", folder, as_) as operator:
        asked = [each for each in sorted(found, key=str) if _settle(operator, each)]
    typer.echo(f"chat repairs {len(asked)} of {len(found)} members within a second.")
    if len(asked) < len(found):
        typer.echo("We never added the others: remove them at the provider.")
        raise typer.Exit(1)


def _discrepancies(folder: DataFolder) -> set[Discrepancy]:
    members = StreamMembers(provider_variables(folder))
    with stores.reading(stores.database_url("chat", folder)) as chat:
        seated = {experience: members.of(experience) for experience in channels(chat)}
    with stores.reading(stores.database_url("access", folder)) as access:
        allowed = may_enter(access)
    return {each for each in discrepancies(allowed, seated) if each[0] in seated}


def _settle(operator: Operator, discrepancy: Discrepancy) -> bool:
    """Schedule the job that brings the provider to the wanted state, whatever was done before."""
    experience_id, person, kind = discrepancy

    def act() -> dict[str, Any]:
        row = operator.cursor().execute(_MEMBERSHIP, (experience_id, person)).fetchone()
        if row is None:
            return {}
        membership_id, clock = str(row["membership_id"]), SystemClock()
        payload = {"membership_id": membership_id}
        Schedule(clock).at(SETTLE_SEAT, f"drift/{membership_id}", clock.now(), payload)
        return {"was": kind, **payload}

    made = partial(operator.intervene, "chat.settle_seat", f"{person} in {experience_id}", "")
    return bool(made(act))
