"""The envelope of a public event: CloudEvents 1.0 in binary mode, in NATS headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

_PREFIX = "ce-"
_EVENT_IDS = UUID("6d0f4a5e-6a0f-5d43-9d6b-0d0c3f5f6e11")


class UnreadableEnvelope(ValueError):
    """An attribute is missing from the headers or malformed."""


def event_id_of(entity_id: UUID, entity_version: int) -> UUID:
    """Return the event's id, which follows from its entity and version, so a replay repeats it."""
    return uuid5(_EVENT_IDS, f"{entity_id}/{entity_version}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who said what about which entity, when, and why.

    `occurred_at` is when it happened and `recorded_at` when the store took it (aware UTC).
    `entity_version` also counts private events, so it has gaps. `position` is the producer's
    `{epoch}.{xact}-{id}`. `actor` is the id of the person, or the name of the process, that caused
    it.
    """

    id: UUID
    type: str
    source: str
    entity_id: UUID
    entity_version: int
    occurred_at: datetime
    recorded_at: datetime
    position: str
    actor: str
    traceparent: str | None = None

    @property
    def epoch(self) -> int:
        """The life of the producer's store in which it was published."""
        return int(self.position.partition(".")[0])

    def to_headers(self) -> dict[str, str]:
        """Return the CloudEvents attributes as NATS headers."""
        headers = {
            "specversion": "1.0",
            "id": str(self.id),
            "type": self.type,
            "source": f"/{self.source}",
            "subject": str(self.entity_id),
            "time": self.occurred_at.isoformat(),
            "datacontenttype": "application/json",
            "recordedtime": self.recorded_at.isoformat(),
            "entityversion": str(self.entity_version),
            "position": self.position,
            "actor": self.actor,
        }
        if self.traceparent is not None:
            headers["traceparent"] = self.traceparent
        return {f"{_PREFIX}{name}": value for name, value in headers.items()}

    @classmethod
    def from_headers(cls, headers: Mapping[str, str] | None) -> "Envelope":
        """Read the attributes back. Raises UnreadableEnvelope."""
        given = {k.lower(): v for k, v in (headers or {}).items()}
        try:
            return cls(
                id=UUID(given["ce-id"]),
                type=given["ce-type"],
                source=given["ce-source"].removeprefix("/"),
                entity_id=UUID(given["ce-subject"]),
                entity_version=int(given["ce-entityversion"]),
                occurred_at=datetime.fromisoformat(given["ce-time"]),
                recorded_at=datetime.fromisoformat(given["ce-recordedtime"]),
                position=given["ce-position"],
                actor=given["ce-actor"],
                traceparent=given.get("ce-traceparent"),
            )
        except (KeyError, ValueError) as problem:
            raise UnreadableEnvelope(str(problem)) from problem
