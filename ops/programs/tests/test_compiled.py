"""A program is compiled once, whoever asks; each obstacle is one sentence."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.programs import compiled
from ops.programs.cache import CannotPrepare
from ops.programs.compiled import STRIPE_MOCK

WORKS = """
echo "go: downloading example.com/a v1.0.0" >&2
echo example.com/a >&2
mkdir -p "$GOBIN"
printf '#!/bin/sh\\necho 1.0\\n' > "$GOBIN/server"
chmod +x "$GOBIN/server"
"""
ENDS_AT_ONCE = WORKS.replace("echo 1.0", "exit 1")
ELF_OF_ANOTHER_MACHINE = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xf3\x00" + bytes(44)

Go = Callable[..., Path]


@pytest.fixture
def go(tmp_path: Path) -> Go:
    """A Go that does what the test says; each compilation leaves a line in `compiled`."""

    def make(does: str, version: str = "go1.27.3") -> Path:
        program = tmp_path / "go"
        log = tmp_path / "compiled"
        program.write_text(
            f"#!/bin/sh\n[ $1 = version ] && echo go version {version} && exit\n"
            f"echo $$ >> {log}\n{does}"
        )
        program.chmod(0o755)
        return program

    return make


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of a machine without Stripe's mock on its PATH."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return tmp_path / "cache"


def compilations(cache: Path) -> int:
    log = cache.parent / "compiled"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_a_program_is_compiled_once_and_found_from_then_on(cache: Path, go: Go) -> None:
    said: list[str] = []

    assert compiled.find(STRIPE_MOCK, cache) is None
    made = compiled.compile(STRIPE_MOCK, said.append, kept_in=cache, go=[go(WORKS)])
    again = compiled.compile(STRIPE_MOCK, said.append, kept_in=cache, go=[go(WORKS)])

    assert made == again == compiled.find(STRIPE_MOCK, cache)
    assert compilations(cache) == 1
    assert said[0] == "fetching the sources of Stripe's mock v0.197.0, once"
    assert "compiling Stripe's mock: 1 of 221 packages" in said
    assert [path.name for path in (cache / "making").iterdir()] == ["stripes-mock.lock"]


def test_concurrent_callers_compile_a_program_once(cache: Path, go: Go) -> None:
    slow = go("sleep 0.5\n" + WORKS)
    said: dict[str, list[str]] = {"first": [], "second": []}

    def make(name: str) -> None:
        compiled.compile(STRIPE_MOCK, said[name].append, kept_in=cache, go=[slow])

    both = [threading.Thread(target=make, args=(name,)) for name in said]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()

    assert compilations(cache) == 1
    assert any(
        "another process prepares Stripe's mock" in line
        for lines in said.values()
        for line in lines
    )


@pytest.mark.parametrize(
    "kept",
    [b"", b"#!/bin/sh\nexit 1\n", ELF_OF_ANOTHER_MACHINE],
    ids=["empty", "that ends at once", "made for another machine"],
)
def test_damaged_file_is_compiled_again(kept: bytes, cache: Path, go: Go) -> None:
    file = cache / "bin" / STRIPE_MOCK.kept_as
    file.parent.mkdir(parents=True)
    file.write_bytes(kept)
    file.chmod(0o755)

    assert compiled.find(STRIPE_MOCK, cache) is None
    compiled.compile(STRIPE_MOCK, lambda _: None, kept_in=cache, go=[go(WORKS)])

    assert compiled.find(STRIPE_MOCK, cache) == file


@pytest.mark.parametrize(
    ("does", "sentence"),
    [
        (
            "echo 'a.go:1: undefined: x' >&2; exit 1",
            "Stripe's mock could not be compiled (a.go:1: undefined: x): put stripe-mock on the"
            " PATH.",
        ),
        (
            "echo 'go: example.com/a: dial tcp: lookup example.com: no such host' >&2; exit 1",
            "Stripe's mock could not be compiled (there is no network): connect this machine, or"
            " put stripe-mock on the PATH.",
        ),
        (
            "echo 'write /x: no space left on device' >&2; exit 1",
            "Stripe's mock could not be compiled (the disk is full): make room, or set"
            " XDG_CACHE_HOME to a folder with room.",
        ),
        (
            ENDS_AT_ONCE,
            "Stripe's mock was compiled but does not run on this machine: put a stripe-mock that"
            " runs here on the PATH.",
        ),
    ],
    ids=["it does not compile", "no network", "a full disk", "a program that does not run"],
)
def test_failure_is_one_sentence_and_leaves_no_files(
    does: str, sentence: str, cache: Path, go: Go
) -> None:
    with pytest.raises(CannotPrepare) as refused:
        compiled.compile(STRIPE_MOCK, lambda _: None, kept_in=cache, go=[go(does)])

    assert str(refused.value) == sentence
    assert [path.name for path in cache.rglob("*") if path.is_file()] == ["stripes-mock.lock"]


def test_full_disk_is_noticed_before_anything_is_fetched(cache: Path, go: Go) -> None:
    with pytest.raises(CannotPrepare) as refused:
        compiled.compile(
            STRIPE_MOCK, lambda _: None, kept_in=cache, free=lambda _: 70_000_000, go=[go(WORKS)]
        )

    assert str(refused.value) == (
        f"Stripe's mock needs {STRIPE_MOCK.needs_mb} MB in {cache} while it is being made, and"
        " 70 MB are free: make room, or set XDG_CACHE_HOME to a folder with room."
    )
    assert compilations(cache) == 0


def test_a_cache_that_can_not_be_written_is_named(cache: Path, go: Go) -> None:
    cache.write_text("a file where the folder should be")

    with pytest.raises(CannotPrepare) as refused:
        compiled.compile(STRIPE_MOCK, lambda _: None, kept_in=cache, go=[go(WORKS)])

    assert f"can't be kept in {cache}" in str(refused.value)
    assert "make that folder writable" in str(refused.value)


def test_an_old_go_is_not_used_and_without_a_network_none_is_fetched(
    cache: Path, go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")

    with pytest.raises(CannotPrepare, match=r"no Go 1\.22 or newer is on the PATH, and PyPI's"):
        compiled.compile(
            STRIPE_MOCK, lambda _: None, kept_in=cache, go=[go(WORKS, version="go1.19.8")]
        )

    assert compilations(cache) == 0


def test_a_killed_preparation_leaves_no_compiler_and_the_next_one_starts_again(
    cache: Path, go: Go
) -> None:
    slow = go("echo example.com/a >&2; exec sleep 60")
    environment = {**os.environ, "PATH": f"{slow.parent}:/usr/bin:/bin"}
    argv = (sys.executable, "-m", "ops.programs", "stripe-mock")
    preparing = subprocess.Popen(
        argv, env={**environment, "XDG_CACHE_HOME": str(cache)}, stdout=subprocess.DEVNULL
    )
    until(lambda: compilations(cache) == 1)
    compiler = int((cache.parent / "compiled").read_text())

    os.kill(preparing.pid, signal.SIGKILL)
    preparing.wait()

    until(lambda: not runs(compiler))
    where = cache / "backstage-pass"
    made = compiled.compile(STRIPE_MOCK, lambda _: None, kept_in=where, go=[go(WORKS)])
    assert made == compiled.find(STRIPE_MOCK, where)
    assert [path.name for path in (where / "making").iterdir()] == ["stripes-mock.lock"]


def test_a_preparation_ends_with_whoever_started_it(cache: Path, go: Go) -> None:
    slow = go("exec sleep 60")
    environment = {**os.environ, "PATH": f"{slow.parent}:/usr/bin:/bin"}
    script = "import subprocess, sys; subprocess.call((sys.executable, *sys.argv[1:]))"
    argv = (sys.executable, "-c", script, "-m", "ops.programs", "stripe-mock")
    starter = subprocess.Popen(argv, env={**environment, "XDG_CACHE_HOME": str(cache)})
    until(lambda: compilations(cache) == 1)
    compiler = int((cache.parent / "compiled").read_text())

    starter.kill()
    starter.wait()

    until(lambda: not runs(compiler))


def until(happened: Callable[[], bool], within_s: float = 15.0) -> None:
    give_up_at = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


def runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
