"""Describes a buyer's place in the queue for the payment form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final, Self

from services.gateway.visit import Visit

_A_MOMENT_S: Final = 5
_SECONDS_UP_TO_S: Final = 55
_BEGUN, _NEARLY_THERE = 3, 97
"""Per cent of the progress bar; the rest is kept for loading the payment form."""


@dataclass(frozen=True, slots=True)
class InLine:
    """A place in the queue in words; the same in every tab and after a reload.

    `progress` is the part of the wait that is over, in per cent. With `in_time`, the turn comes
    before the hold ends.
    """

    ahead: int
    about_s: int
    about: str
    progress: int
    in_time: bool

    @classmethod
    def of(cls, visit: Visit, order: Mapping[str, Any]) -> Self:
        """Return the place of a waiting order."""
        ahead, about_s = order["waiting"]["ahead"], order["waiting"]["about_s"]
        now = visit.edge.clock.now()
        waited_s = max((now - datetime.fromisoformat(order["opened_at"])).total_seconds(), 0)
        turn_at = now + timedelta(seconds=about_s)
        gone = round(100 * waited_s / (waited_s + about_s))
        return cls(
            ahead=ahead,
            about_s=about_s,
            about=_roughly(visit, about_s),
            progress=min(max(gone, _BEGUN), _NEARLY_THERE),
            in_time=turn_at < datetime.fromisoformat(order["held_until"]),
        )


def _roughly(visit: Visit, about_s: int) -> str:
    """Return the waiting time, rounded to what can be known."""
    if about_s <= _A_MOMENT_S:
        return visit.texts.say("order-waiting-in-a-moment")
    if about_s <= _SECONDS_UP_TO_S:
        return visit.texts.say("order-waiting-in-seconds", count=5 * ceil(about_s / 5))
    return visit.texts.say("order-waiting-in-minutes", count=ceil(about_s / 60))
