from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.up.data_folder import DataFolder, RunRecord
from ops.up.refusals import CannotStart


@pytest.fixture
def data(tmp_path: Path) -> Iterator[DataFolder]:
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    yield folder
    folder.release()


def test_a_secret_is_made_once_and_kept_from_other_accounts(data: DataFolder) -> None:
    first = data.secret("csrf")

    again = DataFolder(data.path).secret("csrf")

    assert again == first
    assert len(first) == 48
    assert data.secret("nats") != first
    assert (data.path / "secrets.json").stat().st_mode & 0o077 == 0


def test_a_disk_that_is_nearly_full_is_refused_with_a_way_out(data: DataFolder) -> None:
    with pytest.raises(CannotStart, match=r"^Only \d+ MB are free .* --data\.$"):
        data.check_space(least_mb=data.free_mb() + 1_000)


def test_databases_without_their_secrets_are_not_opened_with_new_ones(data: DataFolder) -> None:
    data.postgres.mkdir()
    (data.postgres / "PG_VERSION").write_text("18")

    with pytest.raises(CannotStart, match=r"secrets\.json is missing"):
        data.secret("postgres")


def test_note_of_what_runs_holds_no_secret(data: DataFolder) -> None:
    url = data.database_url("access", 8030)
    data.record(RunRecord(1, 8000, 0.0, {"postgres": 8030}, {}, {"access": 2}))

    note = (data.path / "run.json").read_text()

    assert data.database_url("access") == url
    assert url.startswith("postgresql://backstage_access:")
    assert data.secret("backstage_access") not in note


def test_stopped_system_says_how_to_start(data: DataFolder) -> None:
    with pytest.raises(CannotStart, match=r"Nothing runs on .* \./bp up"):
        data.running()
