"""What begins something new is refused while it could not be completed."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Request

from libs.runtime.http.problems import Problem

RETRY_AFTER_S: Final = 30
"""Longer than an edge asks again by itself, so that people are told at once."""
_RETRY: Final = {"Retry-After": str(RETRY_AFTER_S)}
NO_ROOM: Final = Problem(
    503,
    "storage_low",
    "We are short of storage",
    "Nothing new is begun until there is room; what is being paid is completed.",
    headers=_RETRY,
)
HELD_UP: Final = Problem(
    503,
    "deliveries_held_up",
    "Purchases are not delivered at the moment",
    "Nothing is sold until what was bought is delivered again; nothing is lost.",
    headers=_RETRY,
)


def is_refusal(status: int, retry_after: str | None) -> bool:
    """Whether a 503 is an answer for people: it asks them to come back later than we would wait."""
    seconds = int(retry_after) if retry_after and retry_after.isdigit() else 0
    return status == HTTPStatus.SERVICE_UNAVAILABLE and seconds >= RETRY_AFTER_S


def _none() -> None:
    """Nothing is wrong."""


@dataclass
class Intake:
    """Why this service begins nothing new, if so; each asks a part of the service that knows."""

    short_of_room: Callable[[], str | None] = _none
    held_up: Callable[[], str | None] = _none

    def require_room(self) -> None:
        """Raises NO_ROOM."""
        if self.short_of_room() is not None:
            raise NO_ROOM

    @property
    def reasons(self) -> list[str]:
        """Why the service is degraded, for its operators."""
        return [reason for ask in (self.short_of_room, self.held_up) if (reason := ask())]


def _intake(request: Request) -> Intake:
    intake: Intake = request.app.state.intake
    return intake


TheIntake = Annotated[Intake, Depends(_intake)]


async def needs_room(intake: TheIntake) -> None:
    """For routes that begin something new. Raises NO_ROOM."""
    intake.require_room()


async def needs_delivery(intake: TheIntake) -> None:
    """For routes that sell something, which others have to hear of. Raises NO_ROOM, HELD_UP."""
    intake.require_room()
    if intake.held_up() is not None:
        raise HELD_UP
