"""The tests' browser: an installed one comes first, and obstacles are named."""

import shutil
from pathlib import Path

import pytest

from ops.programs import browser, tool
from ops.programs.cache import CannotPrepare


@pytest.fixture
def no_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PATH and an empty home; the folder of programs on the PATH."""
    on_path = tmp_path / "bin"
    on_path.mkdir()
    monkeypatch.setenv("PATH", str(on_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    return on_path


def test_an_installed_browser_comes_before_a_fetched_one(no_browser: Path, tmp_path: Path) -> None:
    fetched = tmp_path / "chromium-153.0.0" / "chrome"
    fetched.parent.mkdir()
    fetched.touch()
    assert browser.find_browser(tmp_path) == fetched

    installed = no_browser / "chromium"
    installed.touch(mode=0o755)

    assert browser.find_browser(tmp_path) == installed
    assert browser.ensure_browser(lambda _: None, tmp_path) == installed


def test_without_a_network_it_says_what_to_install(
    no_browser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))

    with pytest.raises(CannotPrepare, match="apt-get install chromium"):
        browser.ensure_browser(lambda _: None, tmp_path)

    assert not (tmp_path / "chromium-153.0.0").exists()


def test_elsewhere_it_is_playwrights_own(
    no_browser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For example on arm64; here the fetch fails, and the sentence says so."""
    asked: list[tuple[str, ...]] = []

    def refuses(argv: tuple[str, ...], folder: Path, _: dict[str, str]) -> tool.Ended:
        asked.append(argv)
        return tool.Ended(1, "no network")

    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    monkeypatch.setattr(tool, "run", refuses)

    with pytest.raises(CannotPrepare, match="apt-get install chromium"):
        browser.ensure_browser(lambda _: None, tmp_path)

    assert asked[0][1:] == ("-m", "playwright", "install", "chromium")
    assert shutil.which("chromium") is None
