"""Pins every package, direct or not, by name and version in `pyproject.toml`.

The lock file itself is not in the repository, because it names its maker's registry. The pins are
constraints: two machines install the same versions from any registry.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_PINS = re.compile(r"(?<=^constraint-dependencies = \[\n).*?(?=^\]$)", re.DOTALL | re.MULTILINE)


def locked_versions(lock: str) -> dict[str, str]:
    """Return each package of a lock file with its version, except those that differ by platform."""
    versions: dict[str, set[str]] = {}
    for package in tomllib.loads(lock)["package"]:
        if "registry" in package["source"]:
            versions.setdefault(package["name"], set()).add(package["version"])
    return {name: found.pop() for name, found in sorted(versions.items()) if len(found) == 1}


def with_pins(project: str, versions: dict[str, str]) -> str:
    """Return the project file with exactly these pins."""
    lines = "".join(f'  "{name}=={version}",\n' for name, version in versions.items())
    return _PINS.sub(lines, project, count=1)


def main() -> None:
    """Resolve without pins, then write the versions that were found."""
    uv = _find_uv()
    path = _ROOT / "pyproject.toml"
    before = path.read_text()
    path.write_text(with_pins(before, {}))
    done = subprocess.run((uv, "lock", "--upgrade"), cwd=_ROOT, check=False)
    if done.returncode != 0:
        path.write_text(before)
        sys.exit("pin: uv could not resolve the packages; nothing was changed.")
    versions = locked_versions((_ROOT / "uv.lock").read_text())
    path.write_text(with_pins(before, versions))
    print(f"pin: {len(versions)} packages; run ./bp test before you commit pyproject.toml.")


def _find_uv() -> str:
    places = [".bp/venv/bin", ".bp/lib/bin", ".bp/uv"]
    found = shutil.which("uv", path=":".join(str(_ROOT / p) for p in places))
    found = found or shutil.which("uv")
    if found is None:
        sys.exit("pin: uv was not found; run ./bp once.")
    return found


if __name__ == "__main__":
    main()
