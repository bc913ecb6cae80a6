"""Importing a package without an optional dependency that we don't use.

Eleven processes share a small machine: 10 MB in each are 10 % of the memory they may use together.
"""

import importlib
import sys
from typing import Any


def load(module: str, *, without: str) -> None:
    """Import `module` as if `without` were not installed. A loaded `without` stays."""
    modules: dict[str, Any] = sys.modules
    if without in modules:
        return
    # An entry of None makes the import fail, which `module` reads as "not installed".
    modules[without] = None
    try:
        importlib.import_module(module)
    finally:
        del modules[without]
