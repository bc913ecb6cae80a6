"""The use cases of streaming, composed for the service and for replays."""

from services.streaming.application import Clock, Schedule, Streaming
from services.streaming.tables import StageTable, WebhookTable


def application(env: dict[str, str] | None, clock: Clock, schedule: Schedule) -> Streaming:
    """Return all use cases of streaming on one event store."""
    return Streaming(env, clock=clock, schedule=schedule, stage=StageTable(), inbox=WebhookTable())
