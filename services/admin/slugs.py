"""Proposes an address from a name."""

import re
from typing import Final
from uuid import UUID

from anyascii import anyascii

_LEAST: Final = 3
_MOST: Final = 40
"""The catalog accepts these lengths."""


def slug_from(name: str, id_: UUID) -> str:
    """ "Anna's Piano Évenings" as annas-piano-evenings, "日本" as riben.

    A name that keeps fewer than three characters gets eight from the id instead.
    """
    plain = anyascii(name).lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", ""))
    slug = words.strip("-")[:_MOST].strip("-")
    if len(slug) >= _LEAST:
        return slug
    return "-".join(part for part in (slug, id_.hex[:8]) if part)
