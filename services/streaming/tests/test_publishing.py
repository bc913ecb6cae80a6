from uuid import uuid4

from libs.events.streaming import StreamEnded, StreamWentLive
from services.streaming.domain import EndCause, Stream
from services.streaming.publishing import to_contract
from services.streaming.tests.builders import NOW


def test_only_start_and_end_of_a_live_stream_are_public() -> None:
    stream_id, experience_id, space_id = uuid4(), uuid4(), uuid4()
    stream = Stream(stream_id, experience_id, space_id, uuid4(), recording=True)
    stream.confirm_room(NOW)
    stream.confirm_live(NOW)
    stream.note_hosts(NOW, present=True)
    stream.note_hosts(NOW, present=False)
    stream.end(NOW, EndCause.NO_HOST)

    told = [to_contract(event) for event in stream.collect_events()]

    of_all = {"stream_id": stream_id, "experience_id": experience_id, "space_id": space_id}
    assert told == [
        None,
        None,
        StreamWentLive(**of_all, started_at=NOW, recording=True),
        None,
        None,
        StreamEnded(**of_all, ended_at=NOW, cause="no_host"),
    ]


def test_end_of_an_unannounced_stream_is_private() -> None:
    stream = Stream(uuid4(), uuid4(), uuid4(), uuid4(), recording=True)
    stream.confirm_room(NOW)
    stream.end(NOW, EndCause.TEAM)

    assert [to_contract(event) for event in stream.collect_events()] == [None, None, None]
