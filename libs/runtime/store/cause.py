"""Why a write happens: its command, its actor, and its trace."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Cause:
    """One command. A `command_id` is carried out once, however often it arrives.

    `actor` is the id of a person or the name of a process; `traceparent` is the W3C trace context.
    `request` is a digest of the request if the sender chose the key: one key can't serve two
    requests.
    """

    command_id: UUID
    actor: str = "system"
    traceparent: str | None = None
    request: str | None = None
