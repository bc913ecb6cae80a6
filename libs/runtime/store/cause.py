"""Why a write happens: the command behind it, who gave it, and the trace it belongs to."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Cause:
    """One command. The same `command_id` is carried out once, however often it comes.

    `actor` is the id of a person or the name of a process; `traceparent` the W3C trace context;
    `request` stands for all that was asked, when the sender chose the key of the command: the same
    key does not stand for two requests.
    """

    command_id: UUID
    actor: str = "system"
    traceparent: str | None = None
    request: str | None = None
