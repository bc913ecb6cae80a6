"""The finding of a check, and the command that repairs it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise; `check` names it, and `repair` is the command that restores it."""

    check: str
    service: str
    sentence: str
    repair: str
