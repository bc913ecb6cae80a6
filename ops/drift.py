"""`backstage drift`: where the chat provider differs from our records, and how to repair that."""

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
from services.chat.application import SETTLE_MEMBER

_MEMBER: Final = """
    SELECT member_id FROM channel_member_list WHERE experience_id = %s AND person_id::text = %s
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
    typer.echo(f"chat settles {len(asked)} of {len(found)} people within a second.")
    if len(asked) < len(found):
        typer.echo("We never let the others in: remove them at the provider.")
        raise typer.Exit(1)


def _discrepancies(folder: DataFolder) -> set[Discrepancy]:
    members = StreamMembers(provider_variables(folder))
    with stores.reading(stores.database_url("chat", folder)) as chat:
        present = {experience: members.of(experience) for experience in channels(chat)}
    with stores.reading(stores.database_url("access", folder)) as access:
        allowed = may_enter(access)
    return {each for each in discrepancies(allowed, present) if each[0] in present}


def _settle(operator: Operator, discrepancy: Discrepancy) -> bool:
    """Schedule the job that adds or removes a person, as is wanted now."""
    experience_id, person, kind = discrepancy

    def act() -> dict[str, Any]:
        row = operator.cursor().execute(_MEMBER, (experience_id, person)).fetchone()
        if row is None:
            return {}
        member_id, clock = str(row["member_id"]), SystemClock()
        payload = {"member_id": member_id}
        Schedule(clock).at(SETTLE_MEMBER, f"drift/{member_id}", clock.now(), payload)
        return {"was": kind, **payload}

    made = partial(operator.intervene, "chat.settle_member", f"{person} in {experience_id}", "")
    return bool(made(act))
