"""The one composition of the use cases, for the service, replays and the simulation."""

from collections.abc import Mapping

from services.access.application import Access, Clock, Schedule


def application(env: Mapping[str, str] | None, clock: Clock, schedule: Schedule) -> Access:
    """Compose the use cases on one event store."""
    return Access(env, clock=clock, schedule=schedule)
