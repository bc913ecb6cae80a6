import json
import time
from pathlib import Path

import pytest

from ops.up.refusals import CannotStart
from ops.up.web import build_if_changed

BUILD = """
import { appendFileSync, mkdirSync } from "node:fs";
mkdirSync("dist", { recursive: true });
appendFileSync("dist/builds", "x");
"""


@pytest.fixture
def web(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "pay.ts").write_text("export const one = 1;")
    (tmp_path / "build.mjs").write_text(BUILD)
    (tmp_path / "package.json").write_text(json.dumps({"name": "t", "version": "1.0.0"}))
    return tmp_path


def test_bundles_are_built_once_and_again_when_a_source_changes(web: Path) -> None:
    said: list[str] = []

    build_if_changed(said.append, web)
    build_if_changed(said.append, web)
    after_two = (web / "dist" / "builds").read_text()
    (web / "src" / "pay.ts").write_text("export const one = 2;")
    build_if_changed(said.append, web)

    assert after_two == "x"
    assert (web / "dist" / "builds").read_text() == "xx"
    assert said.count("building the pages' scripts") == 2


def test_nothing_to_do_takes_no_time(web: Path) -> None:
    build_if_changed(lambda _: None, web)
    began = time.perf_counter()

    build_if_changed(lambda _: None, web)

    assert time.perf_counter() - began < 0.1


def test_a_build_that_fails_says_why_and_is_tried_again(web: Path) -> None:
    (web / "build.mjs").write_text("throw new Error('no such island');")

    with pytest.raises(CannotStart, match="no such island"):
        build_if_changed(lambda _: None, web)

    assert not (web / "dist" / ".built-from").exists()
