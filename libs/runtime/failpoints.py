"""Named places where tests make the process die, to prove that a crash there does no harm.

A failpoint does nothing unless `FAILPOINT` arms it: `name`, `name:3` (the third pass), or
`name:3@/path/of/a/marker` (only once among all armed processes: the first creates the file).
`FAILPOINT` may also be a folder. Each service then reads the file of its own name at its start.
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
    """The armed failpoint, and how many passes are left before it fires."""

    name: str
    times: int
    marker: Path | None


_armed: list[_Armed] = []


class NoSuchFailpoint(ValueError):
    """No failpoint has this name."""


def arm(setting: str) -> None:
    """Arm the named failpoint; an empty setting disarms. Raises NoSuchFailpoint."""
    _armed.clear()
    if not setting:
        return
    place, _, marker = setting.partition("@")
    name, _, times = place.partition(":")
    if name not in NAMES:
        raise NoSuchFailpoint(f"{name!r} is none of {', '.join(NAMES)}")
    _armed.append(_Armed(name, int(times or 1), Path(marker) if marker else None))


def setting_for(service: str, setting: str) -> str:
    """Return this service's setting: `FAILPOINT` itself, or its file in that folder."""
    if not setting.startswith("/"):
        return setting
    try:
        return (Path(setting) / service).read_text().strip()
    except FileNotFoundError:
        return ""


def failpoint(name: Failpoint) -> None:
    """Die by SIGKILL, as a crash does, if this failpoint is armed and due."""
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
