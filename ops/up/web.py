"""Builds the pages' scripts and styles with the Node.js of a wheel."""

import fcntl
import hashlib
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from ops.programs import node
from ops.programs.cache import CannotPrepare
from ops.up.refusals import CannotStart

WEB = Path(__file__).parents[2] / "web"
_PACKAGES = ("package.json", "package-lock.json")
_SOURCES = (*_PACKAGES, "build.mjs", "tsconfig.json", "src")


def build_if_changed(say: Callable[[str], None], web: Path = WEB) -> None:
    """Build `web/dist` if the sources have changed since the last build.

    One build at a time: several systems may start from one checkout at once.
    """
    if not (web / "package.json").exists():
        return
    (web / "dist").mkdir(exist_ok=True)
    with (web / "dist" / ".building").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        built_from = web / "dist" / ".built-from"
        if _read(built_from) == _fingerprint(web, _SOURCES):
            return
        say("building the pages' scripts")
        try:
            _install(web, say)
            _run(web, str(node.node()), "build.mjs")
        except CannotPrepare as why:
            raise CannotStart(str(why)) from why
        # Read again, because the installation writes a lock file if there is none.
        built_from.write_text(_fingerprint(web, _SOURCES))


def _install(web: Path, say: Callable[[str], None]) -> None:
    installed_from = web / "node_modules" / ".installed-from"
    if _read(installed_from) == _fingerprint(web, _PACKAGES):
        return
    say("fetching the packages that the pages' scripts are built with, once")
    locked = (web / "package-lock.json").exists()
    _run(web, *node.npm(), "ci" if locked else "install", "--no-audit", "--no-fund")
    installed_from.parent.mkdir(exist_ok=True)
    installed_from.write_text(_fingerprint(web, _PACKAGES))


def _run(web: Path, *argv: str) -> None:
    done = subprocess.run(
        argv,
        cwd=web,
        env=node.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr + done.stdout).strip()[-1500:]
        raise CannotStart(f"The pages' scripts could not be built ({Path(argv[-1]).name}):\n{said}")


def _fingerprint(web: Path, names: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for name in names:
        top = web / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file():
                digest.update(str(path.relative_to(web)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
