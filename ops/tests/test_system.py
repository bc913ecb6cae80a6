"""`up` as people use it: a real process with real servers, and small services of ours."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from livekit import api

from ops.tests.running_up import Up, alive, wait_for
from ops.tests.small_system import BROKEN, SERVICE, write_system
from ops.up.data_folder import DataFolder
from tests.servers import free_row_of_ports

pytestmark = pytest.mark.slow(90, "starts the whole system")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    root = tmp_path / "root"
    started: list[Up] = []

    def start(services: dict[str, str] | None = None, *more: str, **given: Any) -> Up:
        if not root.exists():
            write_system(root, services or {"alpha": SERVICE, "beta": SERVICE})
        port = given.get("port") or (started[0].port if started else free_row_of_ports())
        log = tmp_path / f"log{len(started)}"
        up = Up(root, given.get("data") or tmp_path / "data", port, log, *more)
        started.append(up)
        return up

    yield start
    for up in started:
        if up.process.poll() is None:
            up.process.kill()
            up.process.wait()


def test_everything_runs_and_ctrl_c_ends_it_in_order(start: Callable[..., Up]) -> None:
    up = start()
    up.wait_until_ready()
    pids = up.note()["processes"]
    took_s = up.note()["ready_after_s"]

    up.process.send_signal(signal.SIGINT)
    code = up.process.wait(timeout=30)

    assert code == 0, up.printed
    assert 0 < took_s < 30
    assert set(pids) == {"postgres", "nats", "sandbox", "alpha", "beta"}
    assert not any(alive(pid) for pid in pids.values())
    assert not (up.data / "run.json").exists()
    assert "alpha         | hello from services.alpha" in up.printed
    ends = up.printed[up.printed.index("ending") :]
    assert ends.index("alpha") < ends.index("sandbox") < ends.index("database system is shut down")


def test_each_service_enters_its_own_database_and_no_other(start: Callable[..., Up]) -> None:
    up = start()
    up.wait_until_ready()

    alpha = up.ask("/env", offset=0)
    beta = alpha.removesuffix("backstage_alpha") + "backstage_beta"

    assert alpha == DataFolder(up.data).database_url("alpha")
    with psycopg.connect(alpha) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(beta)
    assert up.end() == 0


def test_a_second_start_finds_what_the_first_one_kept(start: Callable[..., Up]) -> None:
    first = start()
    first.wait_until_ready()
    url = DataFolder(first.data).database_url("alpha")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS id")
    first.end()

    second = start()
    second.wait_until_ready()

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT id FROM kept").fetchone() == (7,)
    assert second.end() == 0


@pytest.mark.parametrize("victim", ["alpha", "sandbox", "nats", "postgres"])
def test_a_killed_process_comes_back_by_itself(start: Callable[..., Up], victim: str) -> None:
    up = start()
    up.wait_until_ready()
    before = up.note()["processes"][victim]

    os.kill(before, signal.SIGKILL)

    again = f"{victim} was killed; starting it again"
    wait_for(lambda: again in up.printed, up)
    wait_for(lambda: up.note()["processes"].get(victim, before) != before, up)
    with (
        psycopg.connect(DataFolder(up.data).database_url("alpha"))
        if victim != "postgres"
        else (_patient_connection(up)) as connection
    ):
        assert connection.execute("SELECT 1").fetchone() == (1,)
    wait_for(lambda: up.answers() and up.answers(offset=20), up)
    assert up.end() == 0


def _patient_connection(up: Up) -> "psycopg.Connection[Any]":
    deadline = time.monotonic() + 20
    while True:
        try:
            return psycopg.connect(DataFolder(up.data).database_url("alpha"))
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, up.printed
            time.sleep(0.05)


def test_a_service_killed_often_still_comes_back(start: Callable[..., Up]) -> None:
    up = start()
    up.wait_until_ready()

    for _ in range(7):
        before = up.note()["processes"]["beta"]
        os.kill(before, signal.SIGKILL)
        wait_for(lambda old=before: up.note()["processes"].get("beta", old) != old, up)
        wait_for(lambda: up.answers(offset=1), up)
        time.sleep(0.2)

    assert up.process.poll() is None
    assert up.note()["restarts"]["beta"] == 7
    assert up.end() == 0


def test_a_service_that_keeps_dying_ends_everything_with_one_sentence(
    start: Callable[..., Up],
) -> None:
    up = start({"alpha": SERVICE, "beta": BROKEN})

    code = up.process.wait(timeout=60)

    assert code == 1
    assert (
        "beta died 5 times within 30 s (ended with exit code 1); "
        "its last line: no luck today" in up.printed
    )
    assert "everything has ended" in up.printed


def test_a_missing_service_is_named(start: Callable[..., Up], tmp_path: Path) -> None:
    write_system(tmp_path / "root", {"alpha": SERVICE})
    (tmp_path / "root" / "services" / "beta").mkdir()

    up = start()

    assert up.process.wait(timeout=60) == 1
    assert "services.beta is missing: services/beta/__main__.py is not there." in up.printed


def test_children_do_not_outlive_a_killed_supervisor_and_a_restart_recovers(
    start: Callable[..., Up],
) -> None:
    first = start()
    first.wait_until_ready()
    pids = first.note()["processes"]

    first.process.kill()
    first.process.wait()
    second = start()
    second.wait_until_ready()

    assert not any(alive(pid) for pid in pids.values())
    assert second.end() == 0


def test_second_up_on_the_same_data_is_refused(start: Callable[..., Up]) -> None:
    first = start()
    first.wait_until_ready()

    second = start(port=first.port + 100)
    code = second.process.wait(timeout=20)

    assert code == 1
    assert f"Another `up` (process {first.process.pid}) already runs on" in second.printed
    assert second.printed.count("\n") == 1
    assert first.answers()
    assert first.end() == 0


def test_a_port_in_use_is_named_with_a_way_out(start: Callable[..., Up]) -> None:
    base = free_row_of_ports()
    with socket.socket() as other:
        other.bind(("127.0.0.1", base + 31))
        other.listen()

        up = start(port=base)
        code = up.process.wait(timeout=20)

    assert code == 1
    assert (
        f"Port {base + 31} (NATS) is in use: end the program that uses it, or choose another "
        f"row of ports with --port, for example --port {base + 100}." in up.printed
    )
    assert up.printed.count("\n") == 1


def test_ctrl_c_while_starting_ends_cleanly(start: Callable[..., Up]) -> None:
    up = start()
    wait_for(lambda: "postgres is ready" in up.printed, up)

    up.process.send_signal(signal.SIGINT)
    code = up.process.wait(timeout=30)

    assert code == 0, up.printed
    assert "everything has ended" in up.printed


@pytest.mark.needs("livekit-server")
async def test_a_real_livekit_runs_where_its_program_is_found(start: Callable[..., Up]) -> None:
    up = start(None, "livekit")
    up.wait_until_ready()
    data = DataFolder(up.data)

    async with api.LiveKitAPI(
        f"http://127.0.0.1:{up.port + 40}",
        f"API{data.secret('livekit_api_key')[:12]}",
        data.secret("livekit_api_secret"),
    ) as livekit:
        made = await livekit.room.create_room(api.CreateRoomRequest(name="first"))
        rooms = await livekit.room.list_rooms(api.ListRoomsRequest())

    assert [room.sid for room in rooms.rooms] == [made.sid]
    assert "stand-ins serve stripe, getstream, r2, smtp;" in up.printed
    assert up.end() == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own; only root can mount it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=540m", "tmpfs", str(disk))
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("No file system may be mounted by this account.")
    yield disk
    subprocess.run(("umount", "--lazy", str(disk)), check=True)


def test_a_read_only_disk_is_one_sentence(start: Callable[..., Up], small_disk: Path) -> None:
    subprocess.run(("mount", "-o", "remount,ro", str(small_disk)), check=True)

    up = start(data=small_disk / "data")

    assert up.process.wait(timeout=20) == 1
    assert f"The data folder {small_disk}/data can't be used: Read-only file system." in (
        up.printed
    )
    assert up.printed.count("\n") == 1


def test_a_disk_that_fills_during_the_start_is_named(
    start: Callable[..., Up], small_disk: Path
) -> None:
    up = start(data=small_disk / "data")
    wait_for(lambda: "creating the databases' folder" in up.printed, up)

    with (small_disk / "ballast").open("wb") as ballast, contextlib.suppress(OSError):
        while True:
            ballast.write(bytes(1_000_000))

    # The start fails, or the started processes wait for room.
    wait_for(lambda: f"the disk of {small_disk}/data" in up.printed, up, patience_s=60)
    try:
        code = up.process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        code = up.end()
    assert code in (0, 1)
    assert "everything has ended" in up.printed
