"""The catalog's use cases, composed for the service, replays and the simulation."""

from collections.abc import Mapping

from services.catalog.application import Catalog, Clock
from services.catalog.tables import BanTable, NameTable, ProfileTextTable


def application(env: Mapping[str, str] | None, clock: Clock, _schedule: object = None) -> Catalog:
    """Return all use cases of the catalog on one event store. None of them uses the schedule."""
    return Catalog(env, clock=clock, names=NameTable(), texts=ProfileTextTable(), bans=BanTable())
