"""Loading a package without an optional one that it would pull in and that we don't use.

Eleven processes share a small machine: 10 MB in each are 10 % of what all of them may take.
"""

import importlib
import sys
from typing import Any


def load(module: str, *, without: str) -> None:
    """Import `module` as if `without` were not installed; too late if that is loaded already."""
    modules: dict[str, Any] = sys.modules
    if without in modules:
        return
    # An entry of None makes an import fail, which the module takes for "not installed".
    modules[without] = None
    try:
        importlib.import_module(module)
    finally:
        del modules[without]
