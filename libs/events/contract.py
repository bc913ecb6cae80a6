"""The base of every public event: frozen, versioned, extended only by new fields."""

from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from typing_extensions import override

REGISTRY: dict[str, type["Contract"]] = {}
"""Every contract by its type, for readers that accept any event of a stream."""


class Contract(BaseModel):
    """A public fact, published by exactly one service.

    `type` is `{service}.{snake_name}.v{N}`. Readers ignore unknown fields, so a contract may gain
    fields with defaults. Any other change is a new version beside the old one.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    type: ClassVar[str]

    @classmethod
    @override
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if "type" in cls.__dict__:
            known = REGISTRY.setdefault(cls.type, cls)
            if known.__qualname__ != cls.__qualname__:
                msg = f"{cls.type} is the type of both {known.__qualname__} and {cls.__qualname__}"
                raise TypeError(msg)

    @classmethod
    def producer(cls) -> str:
        """Return the service that publishes this event."""
        return cls.type.split(".", 1)[0]


def stream_of(service: str) -> str:
    """Return the JetStream stream that holds what a service has published."""
    return f"BP_{service.upper()}"


def subjects_of(service: str) -> str:
    """Return the wildcard for all subjects of a service."""
    return f"bp.{service}.>"


def subject_of(type_: str, entity_id: UUID) -> str:
    """Return an event's subject: `bp.{service}.{event_name}.v{N}.{entity_id}`."""
    return f"bp.{type_}.{entity_id}"


def filter_of(contract: type[Contract]) -> str:
    """Return the filter that matches one contract for every entity."""
    return f"bp.{contract.type}.*"
