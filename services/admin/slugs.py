"""A proposal for the address of something, made from its name."""

import re
import unicodedata


def slug_from(name: str) -> str:
    """ "Anna's Piano Évenings" as annas-piano-evenings; nothing when no letter is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", ""))
    return words.strip("-")[:40].strip("-")
