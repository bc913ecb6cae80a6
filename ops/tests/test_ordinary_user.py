"""`up` as an ordinary user: only these tests leave the account of root."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.up.web import build_if_changed
from tests.servers import free_row_of_ports

ROOT = Path(__file__).parents[2]
ORDINARY_USER = 65_534
READY_WITHIN_S = 60.0
pytestmark = [
    pytest.mark.slow(120, "starts the whole system as another user"),
    pytest.mark.skipif(
        os.geteuid() != 0, reason="Nobody is root here: the whole suite runs as an ordinary user."
    ),
]


@pytest.fixture
def home() -> Iterator[Path]:
    """A user's home with a checkout of their own; they can't enter pytest's own folders."""
    build_if_changed(print)
    home = Path(tempfile.mkdtemp(prefix="backstage-home-"))
    left_out = shutil.ignore_patterns(".git", ".venv", ".bp", "node_modules", "data", "__pycache__")
    shutil.copytree(ROOT, home / "checkout", ignore=left_out)
    for path in (home, *home.rglob("*")):
        os.chown(path, ORDINARY_USER, ORDINARY_USER)
    yield home
    shutil.rmtree(home)


def as_user(home: Path, *argv: str, cwd: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        argv,
        cwd=cwd,
        user=ORDINARY_USER,
        group=ORDINARY_USER,
        extra_groups=[],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def may_run_our_python(home: Path) -> bool:
    try:
        python = as_user(home, sys.executable, "-c", "import eventsourcing", cwd=home)
    except PermissionError:
        return False
    python.communicate()
    return python.returncode == 0


def test_an_ordinary_user_starts_everything_in_a_folder_of_their_own(home: Path) -> None:
    if not may_run_our_python(home):
        pytest.skip("Another user may not run this checkout's Python: .ci/bare has their own.")
    port, data = free_row_of_ports(), home / "data"
    words = ("-m", "ops", "up", "--no-video", "--port", str(port), "--data", str(data))
    began = time.monotonic()

    up = as_user(home, sys.executable, *words, cwd=home / "checkout")
    assert up.stdout is not None
    printed = []
    for line in up.stdout:
        printed.append(line)
        if "is ready at" in line:
            break
    took_s = time.monotonic() - began
    up.terminate()
    rest, _ = up.communicate(timeout=60)

    assert f"is ready at http://localhost:{port}" in "".join(printed), "".join(printed)
    assert took_s < READY_WITHIN_S
    assert up.returncode == 0, rest
    assert {path.stat().st_uid for path in data.rglob("*")} == {ORDINARY_USER}
