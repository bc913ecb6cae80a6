"""Where the person at the terminal means things to be."""

import os
from pathlib import Path


def data_path(given: Path | None) -> Path:
    """The folder that the person meant, seen from where they called `./bp`; else the checkout's."""
    if given is None:
        return Path(__file__).parents[1] / "data"
    return Path(os.environ.get("BP_CALLED_FROM", ".")) / given
