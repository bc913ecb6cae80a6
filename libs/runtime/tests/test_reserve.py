"""No new work below the reserve; a service that is short of space stays ready."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends

from libs.runtime.http.app import create_app
from libs.runtime.http.intake import Intake, needs_delivery, needs_room
from libs.runtime.reserve import BadReserve, Reserve, ReservedDisk, parse, to_setting

DATA = Path("/data")


class Disk:
    """A disk with the free space that a test sets."""

    def __init__(self, free_mb: int) -> None:
        self.free_mb: int | OSError = free_mb
        self.reserve = Reserve([ReservedDisk(DATA, 100)], self._free)

    def _free(self, _: Path) -> int:
        if isinstance(self.free_mb, OSError):
            raise self.free_mb
        return self.free_mb

    def with_free(self, free_mb: int | OSError) -> list[str]:
        self.free_mb = free_mb
        return self.reserve.look()


def test_a_disk_below_its_reserve_is_named_once() -> None:
    disk = Disk(100)
    assert disk.reserve.look() == []

    (said,) = disk.with_free(99)

    assert said.startswith("Only 99 MB are left on the disk of /data")
    assert disk.with_free(50) == []
    assert disk.reserve.reason is not None
    assert disk.reserve.reason.startswith("Only 50 MB")
    assert not disk.reserve.has_room(DATA)


def test_an_episode_ends_with_more_room_than_the_reserve() -> None:
    disk = Disk(99)
    disk.reserve.look()

    assert disk.with_free(124) == []
    assert disk.reserve.reason is not None

    assert disk.with_free(125) == ["There is room again on the disk of /data."]
    assert disk.reserve.reason is None


def test_unreadable_disk_is_reported_once_and_refuses_no_work() -> None:
    disk = Disk(500)

    assert disk.with_free(OSError("gone")) == ["The disk of /data can't be looked at: gone."]
    assert disk.with_free(OSError("gone")) == []
    assert disk.reserve.reason is None


def test_the_setting_names_folders_with_their_megabytes() -> None:
    disks = parse("/var/lib/postgres:300, /nats:50")

    assert disks == (ReservedDisk(Path("/var/lib/postgres"), 300), ReservedDisk(Path("/nats"), 50))
    assert parse(to_setting(disks)) == disks
    assert parse("") == ()


@pytest.mark.parametrize("setting", ["/data", "/data:", ":5", "/data:much", "/data:-5"])
def test_setting_without_folder_or_size_is_refused(setting: str) -> None:
    with pytest.raises(BadReserve):
        parse(setting)


def shop(short: str | None, held_up: str | None) -> httpx.AsyncClient:
    router = APIRouter()
    intake = Intake(lambda: short, lambda: held_up)

    @router.post("/orders", dependencies=[Depends(needs_delivery)])
    async def sell() -> str:
        return "sold"

    @router.post("/streams", dependencies=[Depends(needs_room)])
    async def begin() -> str:
        return "begun"

    @router.post("/orders/1/settle")
    async def settle() -> str:
        return "settled"

    async def ready() -> dict[str, Any]:
        return {"status": "ready", "degraded": intake.reasons}

    app = create_app(
        "shop", person_token_secret="s" * 32, routers=[router], refusals={}, ready=ready
    )
    app.state.intake = intake
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop")


@pytest.mark.parametrize(
    ("short", "held_up", "answers"),
    [
        (None, None, [200, 200, 200]),
        ("no room", None, ["storage_low", "storage_low", 200]),
        (None, "it waits", ["deliveries_held_up", 200, 200]),
        ("no room", "it waits", ["storage_low", "storage_low", 200]),
    ],
)
async def test_new_work_is_refused_and_what_has_begun_is_completed(
    short: str | None, held_up: str | None, answers: list[int | str]
) -> None:
    async with shop(short, held_up) as client:
        got = [await client.post(path) for path in ("/orders", "/streams", "/orders/1/settle")]

    assert [a.status_code if a.is_success else a.json()["code"] for a in got] == answers
    for refused in [each for each in got if not each.is_success]:
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "30"


async def test_a_degraded_service_says_why_and_stays_ready() -> None:
    async with shop("no room", "it waits") as client:
        health = (await client.get("/health")).raise_for_status().json()
        ready = (await client.get("/health/ready")).raise_for_status().json()

    assert (health["status"], health["degraded"]) == ("degraded", ["no room", "it waits"])
    assert ready["status"] == "ready"


async def test_healthy_service_reports_ok() -> None:
    async with shop(None, None) as client:
        assert (await client.get("/health")).json()["status"] == "ready"
