"""Explains from the stored events why a person may or may not enter at an instant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.access.domain import Ban, EntryRule, Grant, Window, decide_entry


@dataclass(frozen=True, slots=True)
class Step:
    """One event as a sentence of the locale, and the values of its variables."""

    at: datetime
    sentence: str
    given: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What had happened by an instant, and the rule that decided then."""

    at: datetime
    because: EntryRule
    timeline: tuple[Step, ...]

    @property
    def allowed(self) -> bool:
        """Whether the person might enter."""
        return self.because is EntryRule.GRANT


def explain(events: Iterable[Any], at: datetime) -> Explanation:
    """Decide by the events of grants and bans up to that instant.

    A window counts as closed at its end, whether GrantExpired had been announced or not.
    """
    known = sorted((e for e in events if _step(e) and e.at <= at), key=lambda e: e.at)
    windows: dict[UUID, Window] = {}
    banned = False
    for event in known:
        match event:
            case Grant.Issued() | Grant.Reinstated() | Grant.WindowMoved():
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


_SENTENCES: Final[Mapping[type, str]] = {
    Grant.Issued: "grant-issued",
    Grant.Reinstated: "grant-reinstated",
    Grant.WindowMoved: "grant-window-moved",
    Grant.Revoked: "grant-revoked",
    Grant.Expired: "grant-expired",
    Ban.Banned: "person-banned",
    Ban.Lifted: "ban-lifted",
}


def _step(event: Any) -> Step | None:
    name = _SENTENCES.get(type(event))
    return None if name is None else Step(event.at, name, _given(event))


def _given(event: object) -> Mapping[str, Any]:
    match event:
        case Grant.Issued() | Grant.Reinstated() | Grant.WindowMoved():
            return {
                "reason": event.reason,
                "since": event.valid_from,
                "until": event.valid_until or "never",
                "forever": "yes" if event.valid_until is None else "no",
            }
        case Grant.Revoked():
            return {"cause": event.cause}
        case Ban.Banned():
            return {"reason": event.reason_code}
        case _:
            return {}
