"""The one composition of the use cases, for the service, replays and the simulation."""

from collections.abc import Mapping

from services.access.application import Access, Clock, Schedule


def application(
    env: Mapping[str, str] | None, clock: Clock, schedule: Schedule, access: type[Access] = Access
) -> Access:
    """Compose the use cases on one event store."""
    return access(env, clock=clock, schedule=schedule)
