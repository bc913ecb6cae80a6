"""Live video on a machine that has no video server yet, on one that never will, and the demo."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ops.showcase import Showcase
from ops.showcase import create as create_showcase
from ops.tests.fake_go import machine_without_livekit
from ops.visitor import Visitor
from tests.e2e import steps
from tests.e2e.running import ROOT, RunningSystem, start_system, stop_system, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow(180, "starts whole systems of its own")]
SIZES = [(390, 844), (1280, 800)]
SCHEMES = ("light", "dark")

Start = Callable[..., RunningSystem]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start systems of this test's own."""
    running: list[RunningSystem] = []

    def start(*arguments: str, **more: str) -> RunningSystem:
        running.append(start_system(tmp_path, more=more, arguments=arguments))
        return running[-1]

    yield start
    for system in running:
        stop_system(system)


def a_creator(system: RunningSystem) -> tuple[Visitor, Showcase]:
    mara = Visitor(system.url, system.record["urls"]["sandbox"], "mara@example.com")
    mara.sign_in()
    return mara, create_showcase(mara)


@contextmanager
def window(chromium: Browser, system: RunningSystem, email: str, path: str) -> Iterator[Page]:
    """Yield a page of the system, for a person who has just signed in."""
    context = chromium.new_context(
        base_url=system.url, permissions=["camera", "microphone"], locale="en-US"
    )
    page = context.new_page()
    page.goto(f"/sign-in?next={path}")
    steps.sign_in(page, system, email)
    yield page
    context.close()


def look_at(page: Page, name: str, folder: Path) -> None:
    """Save the page as a phone and a desktop show it, by day and by night; nothing may overflow."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.needs("livekit-server")
def test_the_stage_waits_for_the_video_server_and_goes_on_without_a_restart(
    chromium: Browser, start: Start, livekit_program: Path, tmp_path: Path
) -> None:
    delivered = tmp_path / "may be delivered"
    machine = machine_without_livekit(
        tmp_path / "machine", delivers=livekit_program, takes_s=0, waits_for=delivered
    )
    system = start(PATH=machine["PATH"], XDG_CACHE_HOME=machine["XDG_CACHE_HOME"])
    mara, showcase = a_creator(system)
    before = system.record["processes"]
    stage = f"/admin/spaces/{showcase.space}/experiences/late-set"
    watch = f"/account/purchased_spaces/{showcase.space}/experiences/late-set/stream"

    with window(chromium, system, mara.email, stage) as host:
        expect(host.locator("#video-server")).to_have_text(
            "The video server is being prepared: about 4 minutes, once."
        )
        go_live = host.get_by_role("button", name=re.compile("go live", re.IGNORECASE))
        expect(go_live).to_have_count(0)
        look_at(host, "stage-preparing", tmp_path)
        asked_at = time.monotonic()
        early = mara.send("POST", f"/api/experiences/{showcase.experiences['late-set']}/streams")
        assert (early.status_code, early.json()["code"]) == (503, "video_server_not_ready")
        assert time.monotonic() - asked_at < 2
        with window(chromium, system, mara.email, watch) as viewer:
            expect(viewer.locator("#watch [role=status]")).to_contain_text(
                "Live video is being set up here", timeout=10_000
            )
            look_at(viewer, "watch-preparing", tmp_path)
            delivered.touch()
            # The page polls by itself.
            expect(go_live).to_be_visible(timeout=30_000)
            look_at(host, "stage-ready", tmp_path)

            go_live.click()
            host.locator("#watch button").first.click()
            expect(host.locator("#watch")).to_have_attribute("data-state", "on_air", timeout=25_000)
            assert steps.sees_moving_video(viewer)
    mara.close()

    after = system.record
    assert before.items() <= after["processes"].items()
    assert (set(after["processes"]) - set(before), after["restarts"]) == ({"livekit"}, {})


def test_without_video_the_stage_says_so_and_the_demo_ends_well(
    chromium: Browser, start: Start, tmp_path: Path
) -> None:
    system = start("--no-video")
    mara, showcase = a_creator(system)
    stage = f"/admin/spaces/{showcase.space}/experiences/late-set"

    with window(chromium, system, mara.email, stage) as host:
        expect(host.locator("#video-server")).to_contain_text("has no video server")
        expect(host.get_by_role("button", name=re.compile("go live", re.IGNORECASE))).to_have_count(
            0
        )
        look_at(host, "stage-absent", tmp_path)
    mara.close()
    done = demo(system, "--json")

    assert "This system has no video server, so nobody goes live" in done
    told = json.loads(done.splitlines()[-1])
    assert (told["first_frame_ms"], told["frames"]) == (None, 0)
    assert told["access_ms"] > 0


def demo(system: RunningSystem, *words: str) -> str:
    argv = [sys.executable, "-m", "ops", "demo", "--port", str(system.port)]
    done = subprocess.run(
        [*argv, "--data", str(system.data), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.needs("livekit-server")
def test_the_demo_goes_live_and_the_buyer_counts_frames(system: RunningSystem) -> None:
    done = demo(system, "--json", "--for", "2")

    told = json.loads(done.splitlines()[-1])
    assert told["frames"] > 10
    assert 0 < told["first_frame_ms"] < 10_000
    assert "for €19.00, order" in done
    assert "the stream has ended" in done


@pytest.mark.needs("livekit-server")
def test_the_demo_stays_on_air_for_whoever_opens_the_page_until_ctrl_c(
    system: RunningSystem, chromium: Browser, tmp_path: Path
) -> None:
    argv = [sys.executable, "-u", "-m", "ops", "demo", "--port", str(system.port)]
    log = tmp_path / "demo.log"
    with log.open("w") as out:
        running = subprocess.Popen(
            [*argv, "--data", str(system.data)], cwd=ROOT, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        wait_until(lambda: "the code comes to" in log.read_text(), "the demo on air", 60)
        page = re.search(r"On air until Ctrl-C: http://[^/]+(\S+)", log.read_text())
        buyer = re.search(r"sign in as (\S+);", log.read_text())
        assert page
        assert buyer
        with window(chromium, system, buyer[1], page[1]) as viewer:
            assert steps.sees_moving_video(viewer)
            look_at(viewer, "watch-demo", tmp_path)
            assert running.poll() is None

            running.send_signal(signal.SIGINT)

            expect(viewer.locator("#watch")).to_have_attribute(
                "data-state", "ended", timeout=15_000
            )
        assert running.wait(timeout=15) == 0
    finally:
        running.kill()
        running.wait()
    assert log.read_text().rstrip().endswith("the stream has ended")
