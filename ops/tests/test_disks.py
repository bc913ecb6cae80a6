"""Operators are alerted once per episode of a disk below its reserve."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.up.data_folder import DataFolder
from ops.up.disks import Letter, reserved
from ops.up.refusals import CannotStart
from sandbox.tests.process import SandboxProcess, running_sandbox
from sandbox.tests.test_mailbox import messages

LOW = "Only 12 MB are left on the disk of /data."


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path / "sandbox") as process:
        yield process


def letter(note: Path, sandbox: SandboxProcess, to: str | None = "ops@example.com") -> Letter:
    url = f"smtp://127.0.0.1:{sandbox.smtp_port}"
    return Letter(note, to, "Backstage Pass <no-reply@localhost>", lambda: url)


def test_operators_get_one_mail_per_episode_also_across_restarts(
    tmp_path: Path, sandbox: SandboxProcess
) -> None:
    note = tmp_path / "disk-low.json"
    before = letter(note, sandbox)
    before.about(LOW)
    before.about(LOW)

    after = letter(note, sandbox)
    after.about(LOW)
    assert len(messages(sandbox, to="ops@example.com")) == 1

    after.about(None)
    after.about(LOW)

    mails = messages(sandbox, to="ops@example.com")
    assert [mail["subject"] for mail in mails] == ["Backstage Pass: a disk is nearly full"] * 2
    assert LOW in mails[0]["text"]


def test_nobody_is_mailed_without_an_address(tmp_path: Path, sandbox: SandboxProcess) -> None:
    note = tmp_path / "disk-low.json"

    letter(note, sandbox, to=None).about(LOW)

    assert messages(sandbox) == []
    assert not note.exists()


def test_unreachable_mail_server_is_reported_and_retried_after_a_minute(tmp_path: Path) -> None:
    away = Letter(tmp_path / "note", "ops@example.com", "x@y", lambda: "smtp://127.0.0.1:1")

    assert "could not be mailed" in away.about(LOW)[0]
    assert away.about(LOW) == []


def test_every_part_of_the_data_folder_keeps_a_reserve_on_its_own_disk(tmp_path: Path) -> None:
    elsewhere = tmp_path / "other-disk" / "nats"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "nats").symlink_to(elsewhere)

    disks = reserved(DataFolder(tmp_path / "data"), {"DISK_RESERVE_MB": "7"})

    assert elsewhere in [disk.folder for disk in disks]
    assert {disk.reserve_mb for disk in disks} == {7}


def test_reserve_without_a_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="must be a number of megabytes"):
        reserved(DataFolder(tmp_path), {"DISK_RESERVE_MB": "a lot"})
