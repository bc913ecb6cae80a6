"""What the streaming service reads about its video server's preparation."""

from pathlib import Path

import pytest

from ops.up.video_state import VideoState
from services.streaming.provider import VideoServerState
from services.streaming.video_server import AnnouncedVideoServer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "video.json"


def test_a_server_that_others_run_counts_as_ready() -> None:
    assert AnnouncedVideoServer(None).state() == VideoServerState("ready")


def test_missing_state_file_lets_streams_go_live(file: Path) -> None:
    assert AnnouncedVideoServer(file).state() == VideoServerState("ready")


def test_each_state_written_by_up_is_understood(file: Path) -> None:
    said, server = VideoState(file), AnnouncedVideoServer(file)
    read = []

    for say in (said.preparing, said.ready, said.absent, lambda: said.preparing(4, "half")):
        say()
        read.append(server.state())

    assert read == [
        VideoServerState("preparing"),
        VideoServerState("ready"),
        VideoServerState("absent"),
        VideoServerState("preparing", 4, "half"),
    ]
