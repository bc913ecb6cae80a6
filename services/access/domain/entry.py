"""The rule of entry: some grant covers the instant and no ban stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class Deciding(StrEnum):
    """Which rule opened or shut the door."""

    GRANT = "grant"
    BANNED = "banned"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    REVOKED = "revoked"
    NO_GRANT = "no_grant"


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when a grant opens the door; `until` None is for ever, else exclusive."""

    since: datetime
    until: datetime | None = None
    revoked_at: datetime | None = None

    def deciding_at(self, at: datetime) -> Deciding:
        """What this one grant says about that instant."""
        if self.revoked_at is not None and self.revoked_at <= at:
            return Deciding.REVOKED
        if self.until is not None and self.until <= at:
            return Deciding.EXPIRED
        return Deciding.GRANT if self.since <= at else Deciding.NOT_YET


_STRONGEST: Final = (Deciding.GRANT, Deciding.NOT_YET, Deciding.EXPIRED, Deciding.REVOKED)


def decide_entry(windows: Iterable[Window], *, banned: bool, at: datetime) -> Deciding:
    """May someone enter: some grant covers the instant and no ban stands. Says which rule decided.

    Grants are OR-ed: losing one of two keeps the door open. A ban outlives every grant.
    """
    said = {window.deciding_at(at) for window in windows}
    strongest = next((rule for rule in _STRONGEST if rule in said), Deciding.NO_GRANT)
    return Deciding.BANNED if banned and strongest is Deciding.GRANT else strongest
