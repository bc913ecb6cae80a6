"""The rule of entry: a grant covers the instant, and no ban keeps the person out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class EntryRule(StrEnum):
    """What decided about an entry."""

    GRANT = "grant"
    BANNED = "banned"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    REVOKED = "revoked"
    NO_GRANT = "no_grant"


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which a grant lets a person in; `until` is exclusive, None is for ever."""

    since: datetime
    until: datetime | None = None
    revoked_at: datetime | None = None

    def rule_at(self, at: datetime) -> EntryRule:
        """Return what this grant alone decides at that instant."""
        if self.revoked_at is not None and self.revoked_at <= at:
            return EntryRule.REVOKED
        if self.until is not None and self.until <= at:
            return EntryRule.EXPIRED
        return EntryRule.GRANT if self.since <= at else EntryRule.NOT_YET


_STRONGEST: Final = (EntryRule.GRANT, EntryRule.NOT_YET, EntryRule.EXPIRED, EntryRule.REVOKED)


def decide_entry(windows: Iterable[Window], *, banned: bool, at: datetime) -> EntryRule:
    """Return what decides at that instant: GRANT lets the person in, all others keep them out.

    One grant that covers the instant is enough. A ban outweighs every grant.
    """
    said = {window.rule_at(at) for window in windows}
    strongest = next((rule for rule in _STRONGEST if rule in said), EntryRule.NO_GRANT)
    return EntryRule.BANNED if banned and strongest is EntryRule.GRANT else strongest
