"""The minute check of `up`: each finding is reported once, and so is its end."""

import asyncio
import io
import os
from pathlib import Path

import pytest

from libs.runtime.tests.test_pipe import until
from ops.up.checking import Checking
from ops.up.console import Console

# A checker whose findings a file holds.
PROGRAM = """
import sys
from pathlib import Path
assert sys.argv[1:3] == ["verify", "--providers"], sys.argv
data = Path(sys.argv[4])
looks = data / "looks"
looks.write_text(looks.read_text() + "x")
found = (data / "found").read_text()
print(found)
sys.exit(1 if found else 0)
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops" / "__init__.py").touch()
    (tmp_path / "ops" / "__main__.py").write_text(PROGRAM)
    for name in ("found", "looks"):
        (tmp_path / name).touch()
    return tmp_path


async def test_finding_is_reported_once_and_so_is_its_end(data: Path) -> None:
    said = io.StringIO()
    checking = Checking(Console(said, {"NO_COLOR": "1"}), data, os.environ, data, every_s=0)
    task = asyncio.create_task(checking.run())

    await looks(data, 2)
    sound = said.getvalue()
    (data / "found").write_text("stock: checkout: a seat too many\n    backstage stock recount")
    await until(lambda: "backstage stock recount" in said.getvalue())
    await looks(data, 3)
    once = said.getvalue()
    (data / "found").write_text("")
    await until(lambda: "nothing wrong any more" in said.getvalue())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert sound == ""
    assert once.count("a seat too many") == 1
    assert "the checker found something" in once


async def looks(data: Path, times: int) -> None:
    """Wait for so many more checks to end."""
    wanted = len((data / "looks").read_text()) + times + 1
    await until(lambda: len((data / "looks").read_text()) >= wanted, within_s=20)
