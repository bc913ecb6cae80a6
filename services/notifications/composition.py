"""The use cases of notifications, composed for the service, replays and the simulation."""

from collections.abc import Mapping

from services.notifications.application import Clock, Notifications, Schedule
from services.notifications.tables import AudienceTable, CatalogueTable, OptOutTable


def application(env: Mapping[str, str] | None, clock: Clock, schedule: Schedule) -> Notifications:
    """Return all use cases of notifications on one event store."""
    return Notifications(
        env,
        clock=clock,
        schedule=schedule,
        audience=AudienceTable(),
        catalogue=CatalogueTable(),
        opt_outs=OptOutTable(),
    )
