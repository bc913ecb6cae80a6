"""Live video on a machine that has no LiveKit server yet."""

import asyncio
import io
import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from livekit import api

from ops.programs.compiled import LIVEKIT
from ops.tests.fake_go import machine_without_livekit
from ops.tests.running_up import Up, alive, wait_for
from ops.tests.small_system import SERVICE, write_system
from ops.up.console import Console
from ops.up.data_folder import DataFolder
from ops.up.livekit import LiveKit
from ops.up.ports import Ports
from ops.up.supervisor import Supervisor
from ops.up.video import Video
from ops.up.video_state import VideoState
from tests.servers import free_row_of_ports

pytestmark = pytest.mark.slow(90, "starts a whole system")


class Machine:
    """A machine without LiveKit's server, and what `up` prints and keeps on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[Up] = []

    def up(self, *more: str, **how: Any) -> Up:
        root, number = self.folder / "root", len(self.started)
        if not root.exists():
            write_system(root, {"alpha": SERVICE})
        environment = machine_without_livekit(self.folder / f"machine{number}", **how)
        port = self.started[0].port if self.started else free_row_of_ports()
        log = self.folder / f"log{number}"
        up = Up(root, self.folder / "data", port, log, *more, environment=environment)
        self.started.append(up)
        return up

    def video(self) -> Any:
        return json.loads((self.folder / "data" / "video.json").read_text())

    def compiler(self, number: int = 0) -> int:
        return int((self.folder / f"machine{number}" / "pid").read_text())

    def compiles(self, number: int = 0) -> bool:
        pid = self.folder / f"machine{number}" / "pid"
        return pid.exists() and bool(pid.read_text())


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    for up in machine.started:
        if up.process.poll() is None:
            up.process.kill()
            up.process.wait()


async def test_missing_livekit_is_prepared_and_used_without_a_restart(
    machine: Machine, livekit_program: Path
) -> None:
    up = machine.up("livekit", delivers=livekit_program)
    up.wait_until_ready()
    before = up.note()["processes"]

    wait_for(machine.compiles, up)
    meanwhile = machine.video()
    wait_for(lambda: machine.video()["state"] == "ready", up)

    assert "livekit" not in before
    assert (meanwhile["state"], meanwhile["about_minutes"]) == ("preparing", 4)
    assert "video         | compiling LiveKit's server: 1 of 790 packages" in up.printed
    after = up.note()
    assert before.items() <= after["processes"].items()
    assert after["restarts"] == {}
    data = DataFolder(up.data)
    key, secret = f"API{data.secret('livekit_api_key')[:12]}", data.secret("livekit_api_secret")
    async with api.LiveKitAPI(f"http://127.0.0.1:{up.port + 40}", key, secret) as livekit:
        made = await livekit.room.create_room(api.CreateRoomRequest(name="first"))
    assert made.sid
    livekit_server = after["processes"]["livekit"]
    assert up.end() == 0
    assert not alive(livekit_server)


def test_a_killed_up_leaves_no_compiler_and_the_next_one_starts_again(machine: Machine) -> None:
    first = machine.up("livekit", takes_s=60)
    wait_for(machine.compiles, first)

    first.process.kill()
    first.process.wait()

    wait_for(lambda: not alive(machine.compiler()), first, 10)
    second = machine.up("livekit", says="no space left on device", takes_s=0)
    wait_for(lambda: machine.compiles(1), second)
    assert second.end() == 0


def test_ctrl_c_while_livekit_is_prepared_ends_all_of_it(machine: Machine) -> None:
    up = machine.up("livekit", takes_s=60)
    wait_for(machine.compiles, up)

    up.process.send_signal(signal.SIGINT)

    assert up.process.wait(timeout=30) == 0, up.printed
    assert not alive(machine.compiler())
    assert list((machine.folder / "machine0/cache/backstage-pass/making").glob("*/*")) == []


def test_without_video_nothing_is_prepared_and_streaming_knows(machine: Machine) -> None:
    up = machine.up("no-video")
    up.wait_until_ready()

    assert machine.video()["state"] == "absent"
    assert "livekit" not in up.note()["processes"]
    assert "stand-ins serve stripe, getstream, r2, smtp, livekit;" in up.printed
    assert up.end() == 0
    assert not machine.compiles()


class Alone:
    """Live video under a supervisor of its own, alone."""

    def __init__(self, folder: Path) -> None:
        self._out = io.StringIO()
        self._console = Console(self._out, {})
        self._state = VideoState(folder / "video.json")
        self.supervisor = Supervisor(self._console, lambda _: None)

    async def run(self) -> str:
        """Return its output until it has given up."""
        port = free_row_of_ports()
        livekit = LiveKit(Ports(port), "key", "a secret of the tests, of 32 signs", "http://x")
        rest_is_ready = asyncio.Event()
        rest_is_ready.set()
        video = Video(livekit, self._state, self._console)
        await video.run(self.supervisor, rest_is_ready)
        await self.supervisor.stop()
        assert json.loads(self._state.file.read_text()) == {"state": "absent"}
        return self._out.getvalue()


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], None]:
    def use(environment: dict[str, str]) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)

    return use


Use = Callable[[dict[str, str]], None]


@pytest.mark.parametrize(
    ("go_says", "cause", "remedy"),
    [
        ("dial tcp: lookup proxy: no such host", "there is no network", "connect this machine"),
        ("write: no space left on device", "the disk is full", "make room"),
        ("signal: killed", "signal: killed", "put livekit-server on the PATH"),
    ],
)
async def test_a_server_that_can_not_be_compiled_is_one_sentence(
    use: Use, tmp_path: Path, go_says: str, cause: str, remedy: str
) -> None:
    use(machine_without_livekit(tmp_path / "machine", says=go_says, takes_s=0))

    said = await Alone(tmp_path).run()

    assert f"LiveKit's server could not be compiled ({cause}): {remedy}" in said
    assert "there is no live video until the next start; everything else works" in said


async def test_a_server_for_another_machine_is_not_started(use: Use, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"\x7fELF\x02\x01\x01" + b"\0" * 100)
    foreign.chmod(0o755)
    use(machine_without_livekit(tmp_path / "machine", delivers=foreign, takes_s=0))

    said = await Alone(tmp_path).run()

    assert "LiveKit's server was compiled but does not run on this machine: put a" in said


async def test_a_cache_that_can_not_be_written_is_one_sentence(use: Use, tmp_path: Path) -> None:
    use(machine_without_livekit(tmp_path / "machine"))
    (tmp_path / "machine" / "cache").write_text("a file where the folder should be")

    said = await Alone(tmp_path).run()

    assert "make that folder writable, or set XDG_CACHE_HOME to one that is." in said


async def test_without_a_compiler_and_a_network_one_sentence_names_both_ways_out(
    use: Use, tmp_path: Path
) -> None:
    environment = machine_without_livekit(tmp_path / "machine")
    (tmp_path / "machine" / "bin" / "go").write_text("#!/bin/sh\necho go version go1.1\n")
    use(environment | {"UV_OFFLINE": "1"})

    said = await Alone(tmp_path).run()

    # A checkout that ./bp has not set up also lacks uv, which would fetch Go.
    assert re.search(r"(?:Install|install it, or) Go, (?:or put|then try again)", said), said


async def test_a_preparation_that_is_killed_is_one_sentence(use: Use, tmp_path: Path) -> None:
    use(machine_without_livekit(tmp_path / "machine", takes_s=60))
    alone = Alone(tmp_path)
    running = asyncio.create_task(alone.run())
    pid = tmp_path / "machine" / "pid"
    await _until(lambda: pid.exists() and bool(pid.read_text()))

    [preparing] = _children_named("ops.programs")
    os.kill(preparing, signal.SIGKILL)
    said = await running

    assert "LiveKit's server could not be prepared: it was ended by SIGKILL." in said
    await _until(lambda: not alive(int(pid.read_text())))


async def _until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("waited 10 s in vain")


def _children_named(module: str) -> list[int]:
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [int(pid) for pid in children if module in Path(f"/proc/{pid}/cmdline").read_text()]


def keep_half_of(program: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    half = folder / LIVEKIT.kept_as
    half.write_bytes(program.read_bytes()[:1_000_000])
    half.chmod(0o755)


async def test_a_half_compiled_server_is_compiled_again(
    use: Use, livekit_program: Path, tmp_path: Path
) -> None:
    environment = machine_without_livekit(tmp_path / "machine", says="signal: killed", takes_s=0)
    keep_half_of(livekit_program, tmp_path / "machine" / "cache" / "backstage-pass" / "bin")
    use(environment)

    said = await Alone(tmp_path).run()

    assert "this machine has no LiveKit server yet" in said
    assert "compiling LiveKit's server" in said


async def test_a_server_that_keeps_dying_ends_live_video_alone(use: Use, tmp_path: Path) -> None:
    environment = machine_without_livekit(tmp_path / "machine")
    server = tmp_path / "machine" / "bin" / "livekit-server"
    server.write_text('#!/bin/sh\n[ "$1" = --version ] || { echo no luck today; exit 1; }\n')
    server.chmod(0o755)
    use(environment)
    alone = Alone(tmp_path)

    said = await alone.run()
    everything_else = await alone.supervisor.unless_stopped(asyncio.sleep(0, "goes on"))

    assert "livekit died 5 times within 30 s" in said
    assert "there is no live video until the next start; everything else works" in said
    assert everything_else == "goes on"
