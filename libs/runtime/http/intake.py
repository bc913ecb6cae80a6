"""Refusing new work while the service could not complete it."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Request

from libs.runtime.http.problems import Problem

RETRY_AFTER_S: Final = 30
"""Longer than the edges' own retries, so that people see the answer at once."""
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
    """Return whether a 503 asks people to come back later, instead of asking the edge to retry."""
    seconds = int(retry_after) if retry_after and retry_after.isdigit() else 0
    return status == HTTPStatus.SERVICE_UNAVAILABLE and seconds >= RETRY_AFTER_S


def _none() -> None:
    """Return None: nothing is wrong."""


@dataclass
class Intake:
    """Why a service accepts no new work; each probe returns a reason or None."""

    short_of_room: Callable[[], str | None] = _none
    held_up: Callable[[], str | None] = _none

    def require_room(self) -> None:
        """Raises NO_ROOM."""
        if self.short_of_room() is not None:
            raise NO_ROOM

    @property
    def reasons(self) -> list[str]:
        """Return why the service is degraded, for its operators."""
        return [reason for ask in (self.short_of_room, self.held_up) if (reason := ask())]


def _intake(request: Request) -> Intake:
    intake: Intake = request.app.state.intake
    return intake


TheIntake = Annotated[Intake, Depends(_intake)]


async def needs_room(intake: TheIntake) -> None:
    """Guard a route that begins something new. Raises NO_ROOM."""
    intake.require_room()


async def needs_delivery(intake: TheIntake) -> None:
    """Guard a route that sells something, which other services must receive. Raises NO_ROOM,
    HELD_UP."""
    intake.require_room()
    if intake.held_up() is not None:
        raise HELD_UP
