"""The use cases of the chat, put together: for the service, replays and the simulation."""

from services.chat.application import Chat, Clock, Schedule
from services.chat.tables import TurnLocks


def application(
    env: dict[str, str] | None, clock: Clock, schedule: Schedule, chat: type[Chat] = Chat
) -> Chat:
    """All use cases of the chat on one event store."""
    return chat(env, clock=clock, schedule=schedule, turns=TurnLocks())
