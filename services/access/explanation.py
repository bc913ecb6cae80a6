"""Why someone may or may not enter, told from the stored events up to an instant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.access.domain import Ban, Deciding, Grant, Window, decide_entry


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened: which sentence of the locale tells it, with what in it."""

    at: datetime
    sentence: str
    given: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was known at an instant, and the rule that decided then."""

    at: datetime
    because: Deciding
    timeline: tuple[Step, ...]

    @property
    def allowed(self) -> bool:
        """Whether the door was open."""
        return self.because is Deciding.GRANT


def explain(events: Iterable[Any], at: datetime) -> Explanation:
    """Judge by the events of grants and bans that had happened by then; later ones don't count.

    A window that closed before then shows even if nobody had announced it yet.
    """
    known = sorted((e for e in events if _step(e) and e.at <= at), key=lambda e: e.at)
    windows: dict[UUID, Window] = {}
    banned = False
    for event in known:
        match event:
            case Grant.Issued():
                windows[event.originator_id] = Window(event.valid_from, event.valid_until)
            case Grant.Revoked():
                window = windows[event.originator_id]
                windows[event.originator_id] = replace(window, revoked_at=event.at)
            case Ban.Banned():
                banned = True
            case Ban.Lifted():
                banned = False
            case _:
                pass
    because = decide_entry(windows.values(), banned=banned, at=at)
    return Explanation(at, because, tuple(step for e in known if (step := _step(e))))


def _step(event: object) -> Step | None:
    match event:
        case Grant.Issued():
            given = {
                "reason": event.reason,
                "since": event.valid_from,
                "until": event.valid_until or "never",
                "forever": "yes" if event.valid_until is None else "no",
            }
            return Step(event.at, "grant-issued", given)
        case Grant.Revoked():
            return Step(event.at, "grant-revoked", {"cause": event.cause})
        case Grant.Expired():
            return Step(event.at, "grant-expired", {})
        case Ban.Banned():
            return Step(event.at, "person-banned", {"reason": event.reason_code})
        case Ban.Lifted():
            return Step(event.at, "ban-lifted", {})
        case _:
            return None
