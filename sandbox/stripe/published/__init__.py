"""Stripe's published parameters and null keys of the operations that are served here."""

import json
from pathlib import Path
from typing import Any

_PUBLISHED: dict[str, Any] = json.loads(
    Path(__file__).with_name("published.json").read_text(encoding="utf-8")
)

VERSION: str = _PUBLISHED["version"]
VERSIONS: frozenset[str] = frozenset(_PUBLISHED["versions"])
REQUESTS: dict[str, dict[str, Any]] = _PUBLISHED["requests"]


def nulls(name: str) -> dict[str, Any]:
    """Return the keys of an object that Stripe always sends and that may be null, as null."""
    return dict.fromkeys(_PUBLISHED["nulls"][name])
