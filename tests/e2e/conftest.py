"""One running system and one browser for all stories."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ops.programs import compiled
from ops.showcase import Showcase
from ops.showcase import create as create_showcase
from ops.visitor import Visitor
from tests.e2e.running import RunningSystem, start_system, stop_system
from tests.e2e.traces import Collector, collecting

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]

Visit = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Where the system sends its traces."""
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="session")
def system(
    tmp_path_factory: pytest.TempPathFactory, collector: Collector
) -> Iterator[RunningSystem]:
    """The whole system, as a person starts it; all sign-ins come from one address."""
    folder = tmp_path_factory.mktemp("system")
    more = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
        "SIGN_IN_SENDS_PER_NETWORK": "1000",
    }
    # Tests that need LiveKit's server have had it prepared by now.
    arguments = () if compiled.find(compiled.LIVEKIT) else ("--no-video",)
    running = start_system(folder, more=more, arguments=arguments)
    yield running
    stop_system(running)


@pytest.fixture(scope="session")
def chromium(chromium_path: Path) -> Iterator[Browser]:
    """A real browser with a camera that shows moving stripes."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def creator(system: RunningSystem) -> Iterator[Visitor]:
    """Mara, signed in as an app is."""
    mara = Visitor(system.url, system.record["urls"]["sandbox"], "mara@example.com")
    mara.sign_in()
    yield mara
    mara.close()


@pytest.fixture(scope="session")
def showcase(creator: Visitor) -> Showcase:
    """Mara's space with its passes, all for sale."""
    return create_showcase(creator)


@pytest.fixture
def visit(chromium: Browser, system: RunningSystem, tmp_path: Path) -> Visit:
    """A window of a new visitor; a page that breaks its own security policy fails the test."""

    @contextmanager
    def new_visitor(
        width: int = 390, height: int = 844, scheme: str = "light", language: str = "en-US"
    ) -> Iterator[Page]:
        context = chromium.new_context(
            base_url=system.url,
            # A browser without the system's languages would make one up from `LANG`.
            locale=language,
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            permissions=["camera", "microphone"],
        )
        page = context.new_page()
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on(
            "console",
            lambda said: broken.append(said.text) if "Content Security" in said.text else None,
        )
        yield page
        context.close()
        assert broken == []

    return new_visitor
