"""Named places at which the process can be made to die, to prove that it does no harm there.

A place is a no-op unless `FAILPOINT` arms it: `name`, `name:3` (the third time it is passed), or
`name:3@/path/of/a/marker` (once only, however many processes are armed: the first makes the file).
A folder arms each service by the file of its name, read when the process starts.
"""

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

Failpoint: TypeAlias = Literal[
    "store.before_commit",
    "store.after_commit",
    "relay.before_publish",
    "relay.sent",
    "relay.after_publish",
    "consumer.delivered",
    "consumer.before_commit",
    "consumer.before_ack",
    "consumer.after_ack",
    "snapshot.taken",
    "worker.claimed",
    "worker.in_timer",
    "worker.before_job",
    "worker.after_job",
    "provider.before_call",
    "provider.after_answer",
    "rebuild.before_swap",
    "webhook.before_store",
    "webhook.after_store",
]
NAMES: Final[tuple[Failpoint, ...]] = get_args(Failpoint)


@dataclass
class _Armed:
    """The one place that is armed, and what is left until its time has come."""

    name: str
    times: int
    marker: Path | None


_armed: list[_Armed] = []


class NoSuchFailpoint(ValueError):
    """No place in the code has this name."""


def arm(setting: str) -> None:
    """Let the process die at the named place; an empty setting disarms. Raises NoSuchFailpoint."""
    _armed.clear()
    if not setting:
        return
    place, _, marker = setting.partition("@")
    name, _, times = place.partition(":")
    if name not in NAMES:
        raise NoSuchFailpoint(f"{name!r} is none of {', '.join(NAMES)}")
    _armed.append(_Armed(name, int(times or 1), Path(marker) if marker else None))


def setting_for(service: str, setting: str) -> str:
    """What arms this service: the setting itself, or in a folder the file of its name, if any."""
    if not setting.startswith("/"):
        return setting
    try:
        return (Path(setting) / service).read_text().strip()
    except FileNotFoundError:
        return ""


def failpoint(name: Failpoint) -> None:
    """Die here by SIGKILL, as a crash does, when this place is armed and its time has come."""
    for armed in _armed:
        if armed.name == name:
            armed.times -= 1
            if armed.times <= 0 and _is_ours(armed.marker):
                os.kill(os.getpid(), signal.SIGKILL)


def _is_ours(marker: Path | None) -> bool:
    if marker is None:
        return True
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
