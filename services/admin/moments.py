"""Instants as people type them, in the zone of a space."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

_AREAS: Final = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)


class NotAMoment(ValueError):
    """The typed text is not a date with a time."""


def to_instant(typed: str, zone: str) -> str:
    """Return a `datetime-local` field of that zone as ISO 8601 UTC. Raises NotAMoment."""
    try:
        local = datetime.fromisoformat(typed.strip())
    except ValueError:
        raise NotAMoment(typed) from None
    if local.tzinfo is None:
        local = local.replace(tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC).isoformat()


def to_typed(instant: str | None, zone: str) -> str:
    """Return an instant as a value for a `datetime-local` field in that zone; empty for None."""
    if instant is None:
        return ""
    local = datetime.fromisoformat(instant).astimezone(ZoneInfo(zone))
    return local.replace(tzinfo=None).isoformat(timespec="minutes")


def zones() -> list[str]:
    """Return the zones to choose from: UTC, then areas and cities."""
    places = sorted(name for name in available_timezones() if name.startswith(_AREAS))
    return ["UTC", *places]
