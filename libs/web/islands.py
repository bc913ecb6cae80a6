"""The labels that scripts of `web/src` need from their page."""

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
"""For everyone who watches; a host's page adds its own."""
