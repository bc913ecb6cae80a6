from datetime import UTC, datetime
from uuid import uuid4

from services.streaming.domain import EndCause, Stream

EIGHT = datetime(2026, 11, 23, 20, tzinfo=UTC)


def a_stream() -> Stream:
    stream = Stream(uuid4(), uuid4(), uuid4(), uuid4(), recording=True)
    stream.collect_events()
    return stream


def kinds(stream: Stream) -> list[str]:
    return [type(each).__name__ for each in stream.collect_events()]


def test_a_stream_is_live_once_a_host_publishes() -> None:
    stream = a_stream()

    stream.confirm_room(EIGHT)
    stream.confirm_room(EIGHT)
    stream.note_hosts(EIGHT, present=True)
    before = stream.state
    stream.confirm_live(EIGHT)
    stream.confirm_live(EIGHT)

    assert kinds(stream) == ["RoomOpened", "HostReturned", "WentLive"]
    assert (before, stream.state) == ("lobby", "live")


def test_a_host_who_was_never_seen_leaves_a_lobby() -> None:
    stream = a_stream()
    stream.confirm_room(EIGHT)
    stream.note_hosts(EIGHT, present=True)
    stream.note_hosts(EIGHT, present=False)
    before = stream.state
    stream.collect_events()

    stream.end(EIGHT, EndCause.NO_HOST)

    [ended] = stream.collect_events()
    assert before == "lobby"
    assert isinstance(ended, Stream.Ended)
    assert not ended.was_live


def test_a_host_who_drops_does_not_end_the_stream() -> None:
    stream = a_stream()
    stream.confirm_live(EIGHT)
    stream.note_hosts(EIGHT, present=True)

    stream.note_hosts(EIGHT, present=False)
    away = stream.state
    stream.note_hosts(EIGHT, present=True)

    assert (away, stream.state) == ("back_soon", "live")
    assert kinds(stream) == ["WentLive", "HostReturned", "HostLeft", "HostReturned"]


def test_known_presence_of_the_host_is_not_recorded_again() -> None:
    stream = a_stream()
    stream.confirm_live(EIGHT)
    stream.collect_events()

    stream.note_hosts(EIGHT, present=False)

    assert kinds(stream) == []


def test_a_stream_ends_once() -> None:
    stream = a_stream()
    stream.confirm_live(EIGHT)
    stream.collect_events()

    stream.end(EIGHT, EndCause.TEAM)
    stream.end(EIGHT, EndCause.NO_HOST)
    stream.note_hosts(EIGHT, present=True)

    assert kinds(stream) == ["Ended"]


def test_a_stream_that_ended_before_its_room_opened_never_goes_live() -> None:
    stream = a_stream()
    stream.end(EIGHT, EndCause.TEAM)

    stream.confirm_live(EIGHT)

    [ended] = stream.collect_events()
    assert isinstance(ended, Stream.Ended)
    assert not ended.was_live
