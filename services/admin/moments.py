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
    """What was typed is no date with a time."""


def to_instant(typed: str, zone: str) -> str:
    """A `datetime-local` field in that zone as ISO 8601 UTC. Raises NotAMoment."""
    try:
        local = datetime.fromisoformat(typed.strip())
    except ValueError:
        raise NotAMoment(typed) from None
    if local.tzinfo is None:
        local = local.replace(tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC).isoformat()


def to_typed(instant: str | None, zone: str) -> str:
    """An instant as a `datetime-local` field wants it, in that zone; nothing for None."""
    if instant is None:
        return ""
    local = datetime.fromisoformat(instant).astimezone(ZoneInfo(zone))
    return local.replace(tzinfo=None).isoformat(timespec="minutes")


def zones() -> list[str]:
    """The zones to choose from: UTC, then places by area and city."""
    places = sorted(name for name in available_timezones() if name.startswith(_AREAS))
    return ["UTC", *places]
