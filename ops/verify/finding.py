"""What a check found, and which command repairs it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise that is broken; `check` names it, `repair` is the command that mends it."""

    check: str
    service: str
    sentence: str
    repair: str
