from datetime import timedelta
from uuid import uuid4

import pytest

from services.streaming.application import (
    CLOSE_ROOM,
    HANDLE_WEBHOOK,
    NO_HOST,
    OPEN_ROOM,
    SWEEP,
    StreamNotFound,
)
from services.streaming.domain import AlreadyLive, EndCause
from services.streaming.tests.builders import NOW, Studio
from services.streaming.timers import end_without_host

EXPERIENCE, SPACE, PERSON = uuid4(), uuid4(), uuid4()


def test_going_live_requests_a_room_and_a_publishing_host_makes_it_live() -> None:
    studio, stream_id = Studio(), uuid4()

    studio.streaming.go_live(stream_id, EXPERIENCE, SPACE, PERSON)
    before = studio.stream(stream_id).state
    studio.streaming.confirm_room(stream_id)
    in_the_room = studio.stream(stream_id).state
    studio.streaming.confirm_live(stream_id)

    assert [entry.payload for entry in studio.asked_for(OPEN_ROOM)] == [
        {"stream_id": str(stream_id)}
    ]
    states = (before, in_the_room, studio.stream(stream_id).state)
    assert states == ("opening", "lobby", "live")


def test_an_experience_is_on_air_once() -> None:
    studio = Studio()
    studio.a_live_stream(EXPERIENCE)

    with pytest.raises(AlreadyLive):
        studio.streaming.go_live(uuid4(), EXPERIENCE, SPACE, PERSON)


def test_an_experience_goes_on_air_again_after_the_end() -> None:
    studio = Studio()
    first = studio.a_live_stream(EXPERIENCE)
    studio.streaming.end_stream(first, EndCause.TEAM)

    again = studio.a_live_stream(EXPERIENCE)

    assert studio.stage.holders == {EXPERIENCE: again}


def test_a_live_stream_is_swept_and_waits_for_its_host() -> None:
    studio = Studio()

    studio.a_live_stream()

    assert [entry.due_at for entry in studio.asked_for(SWEEP)] == [NOW + timedelta(seconds=30)]
    assert [entry.due_at for entry in studio.asked_for(NO_HOST)] == [NOW + timedelta(minutes=30)]


def test_a_host_in_the_room_stops_the_waiting_and_one_who_leaves_begins_it_anew() -> None:
    studio = Studio()
    stream_id = studio.a_live_stream()

    studio.streaming.note_hosts(stream_id, present=True)
    waiting_with_host = studio.asked_for(NO_HOST)
    studio.clock.advance(timedelta(hours=1))
    studio.streaming.note_hosts(stream_id, present=False)

    assert waiting_with_host == []
    assert [entry.due_at for entry in studio.asked_for(NO_HOST)] == [NOW + timedelta(minutes=90)]


def test_thirty_minutes_without_a_host_end_the_stream() -> None:
    studio = Studio()
    stream_id = studio.a_live_stream()
    [entry] = studio.asked_for(NO_HOST)

    end_without_host(entry.payload, studio.streaming)

    assert studio.stream(stream_id).is_over
    assert [entry.key for entry in studio.asked_for(CLOSE_ROOM)] == [str(stream_id)]


def test_a_host_who_came_back_at_the_last_moment_keeps_the_stream() -> None:
    studio = Studio()
    stream_id = studio.a_live_stream()
    studio.streaming.note_hosts(stream_id, present=True)

    studio.streaming.end_without_host(stream_id)

    assert not studio.stream(stream_id).is_over


def test_the_end_stops_everything_that_was_to_come() -> None:
    studio = Studio()
    stream_id = studio.a_live_stream()

    studio.streaming.end_stream(stream_id, EndCause.TEAM)
    studio.streaming.end_stream(stream_id, EndCause.TEAM)
    studio.streaming.sweep_later(stream_id)

    assert studio.asked_for(SWEEP) == studio.asked_for(NO_HOST) == []
    assert len(studio.asked_for(CLOSE_ROOM)) == 1


def test_a_room_that_opens_after_the_end_is_closed() -> None:
    studio, stream_id = Studio(), uuid4()
    studio.streaming.go_live(stream_id, EXPERIENCE, SPACE, PERSON)
    studio.streaming.end_stream(stream_id, EndCause.TEAM)
    studio.schedule.cancel(CLOSE_ROOM, str(stream_id))

    studio.streaming.confirm_room(stream_id)

    assert len(studio.asked_for(CLOSE_ROOM)) == 1
    assert studio.stream(stream_id).is_over


def test_redelivered_webhook_is_handled_once_and_an_irrelevant_one_only_stored() -> None:
    studio = Studio()

    studio.streaming.receive_webhook("EV_1", "participant_joined", "{}")
    studio.streaming.receive_webhook("EV_1", "participant_joined", "{}")
    studio.streaming.receive_webhook("EV_2", "track_unpublished", "{}")

    assert [entry.key for entry in studio.asked_for(HANDLE_WEBHOOK)] == ["EV_1"]
    assert studio.inbox.kept == {"EV_1": False, "EV_2": True}


def test_an_unknown_stream_is_refused() -> None:
    with pytest.raises(StreamNotFound):
        Studio().streaming.end_stream(uuid4(), EndCause.TEAM)
