"""The one composition of the use cases, for the service, replays and the simulation."""

from services.chat.application import Chat, Clock, Schedule
from services.chat.tables import AdvisoryLocks


def application(
    env: dict[str, str] | None, clock: Clock, schedule: Schedule, chat: type[Chat] = Chat
) -> Chat:
    """Compose the use cases on one event store."""
    return chat(env, clock=clock, schedule=schedule, locks=AdvisoryLocks())
