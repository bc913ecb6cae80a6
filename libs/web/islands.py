"""The words that a script of `web/src` wants from the page that it is on."""

from typing import Final

VIDEO_LABELS: Final = (
    "connecting",
    "waiting",
    "waiting_for_host",
    "reconnecting",
    "unmute",
    "ended",
    "removed",
    "elsewhere",
    "watch_here",
    "failed",
    "unreachable",
    "try_again",
    "no_access",
)
"""Of everyone who watches; a host's page wants more."""
