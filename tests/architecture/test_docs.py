"""The pages for newcomers name files that exist."""

import re
import subprocess
from pathlib import Path

import pytest

PAGES = ("README.md", "CONTRIBUTING.md", *map(str, sorted(Path("docs").glob("*.md"))))
ROOTS = ("bench", "deploy", "docs", "libs", "ops", "sandbox", "services", "tests", "web")
A_PATH = re.compile(rf"[`(]((?:{'|'.join(ROOTS)})/[\w./-]*)[`)]")


def tracked() -> set[str]:
    """Return git's files, with their folders."""
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True)
    files = set(listed.stdout.splitlines())
    return files | {str(folder) for file in files for folder in Path(file).parents}


def named_in(text: str) -> set[str]:
    return {path.rstrip("/.") for path in A_PATH.findall(text)}


@pytest.mark.parametrize("page", PAGES)
def test_page_names_only_existing_paths(page: str) -> None:
    assert named_in(Path(page).read_text()) - tracked() - {"web/dist"} == set()


def test_missing_path_is_found() -> None:
    """The control."""
    text = "see `services/access/domain/entry.py`, [this](docs/adr/) and `services/access/doors.py`"

    assert named_in(text) - tracked() == {"services/access/doors.py"}
