"""The service's work in the rooms: it removes people who may not be there, however it learns of
it."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.scheduling.worker import Worker
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.streaming.application import HANDLE_WEBHOOK, SWEEP, StillInRoom, Streaming
from services.streaming.domain import EndCause
from services.streaming.jobs import Jobs
from services.streaming.provider import Participant
from services.streaming.queries import StreamSeen, get_stream
from services.streaming.tests.builders import (
    about,
    experience_added,
    grant_issued,
    grant_revoked,
    member_added,
    member_removed,
    person_banned,
    space_created,
)
from services.streaming.tests.conftest import tell
from services.streaming.tests.fakes import Rooms, host, viewer
from services.streaming.timers import TIMERS

OWNER, MEMBER, STRANGER = (UUID(int=n) for n in range(1, 4))
SPACE, EXPERIENCE, GRANT, STREAM = (UUID(int=n) for n in range(11, 15))


@pytest.fixture
def jobs(store: Store[Streaming], rooms: Rooms) -> Jobs:
    return Jobs(store, rooms)


@pytest.fixture
def worker(store: Store[Streaming], jobs: Jobs) -> Worker:
    return Worker(store, TIMERS, jobs.by_kind())


@pytest.fixture(autouse=True)
async def on_air(store: Store[Streaming], worker: Worker) -> None:
    """A stream on air, its owner and a member with a grant."""
    tell(
        store,
        space_created(SPACE, OWNER),
        experience_added(EXPERIENCE, SPACE),
        grant_issued(GRANT, MEMBER, EXPERIENCE),
    )
    streaming = store.application
    store.execute(Cause(uuid4()), lambda: streaming.go_live(STREAM, EXPERIENCE, SPACE, OWNER))
    await worker.run_due()


def seen(store: Store[Streaming]) -> StreamSeen:
    return store.query(lambda curs: get_stream(curs, STREAM))


def announced(store: Store[Streaming]) -> int:
    """Return how often the stream was announced."""
    return store.query(
        lambda curs: curs.execute(
            "SELECT count(*) AS n FROM events WHERE topic = 'streaming.stream.went_live'"
        ).fetchone()["n"]
    )


def due(store: Store[Streaming], kind: str) -> list[Any]:
    return store.query(
        lambda curs: curs.execute("SELECT * FROM schedule WHERE kind = %s", (kind,)).fetchall()
    )


async def run_all(worker: Worker) -> None:
    while await worker.run_due():
        pass


async def hook(store: Store[Streaming], worker: Worker, kind: str, **told: Any) -> None:
    """Receive and handle a LiveKit webhook."""
    event_id = str(uuid4())
    body = json.dumps({"id": event_id, "kind": kind, "room": str(STREAM), **told})
    receive = store.application.receive_webhook
    store.execute(Cause(uuid4()), lambda: receive(event_id, kind, body))
    await worker.run_due()


async def test_the_room_is_opened_and_the_stream_waits_for_its_host(
    store: Store[Streaming], rooms: Rooms
) -> None:
    assert list(rooms.rooms) == [STREAM]
    assert (seen(store).state, seen(store).started_at) == ("lobby", None)


async def test_a_stream_is_live_when_its_host_publishes_the_first_track(
    store: Store[Streaming], rooms: Rooms, worker: Worker, clock: FixedClock
) -> None:
    rooms.rooms[STREAM] = [host(OWNER), viewer(MEMBER)]
    await hook(store, worker, "participant_joined", who=str(OWNER), host=True)
    before = seen(store).state

    # The provider's list of tracks may lag behind its webhook.
    await hook(store, worker, "track_published", who=str(OWNER), host=True)
    await hook(store, worker, "track_published", who=str(OWNER), host=True)

    assert (before, seen(store).state) == ("lobby", "live")
    assert seen(store).started_at == clock.now()
    assert announced(store) == 1


@pytest.mark.parametrize("there", [[], [host(MEMBER, publishes=True)], [viewer(MEMBER)]])
async def test_a_track_of_nobody_who_may_host_announces_nothing(
    store: Store[Streaming], rooms: Rooms, worker: Worker, there: list[Participant]
) -> None:
    rooms.rooms[STREAM] = there

    await hook(store, worker, "track_published", who=str(MEMBER), host=True)

    assert (seen(store).state, announced(store)) == ("lobby", 0)


async def test_first_track_without_a_webhook_is_found_by_the_sweep(
    store: Store[Streaming], rooms: Rooms, worker: Worker, clock: FixedClock
) -> None:
    rooms.rooms[STREAM] = [host(OWNER, publishes=True)]
    clock.advance(timedelta(seconds=30))

    await worker.run_due()

    assert (seen(store).state, announced(store)) == ("live", 1)


async def test_a_join_without_a_grant_is_put_out_and_one_with_a_grant_stays(
    store: Store[Streaming], rooms: Rooms, worker: Worker
) -> None:
    rooms.rooms[STREAM] = [viewer(MEMBER), viewer(STRANGER)]

    for person in (MEMBER, STRANGER):
        await hook(store, worker, "participant_joined", who=str(person))

    assert rooms.rooms[STREAM] == [viewer(MEMBER)]
    assert due(store, HANDLE_WEBHOOK) == []


async def test_host_outside_the_team_is_removed(
    store: Store[Streaming], rooms: Rooms, worker: Worker
) -> None:
    rooms.rooms[STREAM] = [host(MEMBER)]

    await hook(store, worker, "participant_joined", who=str(MEMBER), host=True)

    assert rooms.rooms[STREAM] == []


async def test_a_revoked_grant_puts_its_person_out_of_the_room(
    store: Store[Streaming], rooms: Rooms, worker: Worker
) -> None:
    rooms.rooms[STREAM] = [host(OWNER), viewer(MEMBER)]
    tell(store, grant_revoked(GRANT, MEMBER, EXPERIENCE))
    streaming = store.application
    store.execute(Cause(uuid4()), lambda: streaming.look_into_room(EXPERIENCE, uuid4()))

    await worker.run_due()

    assert rooms.rooms[STREAM] == [host(OWNER)]


async def test_a_ban_puts_its_person_out_of_every_room_of_the_space_that_is_on_air(
    store: Store[Streaming], rooms: Rooms, worker: Worker
) -> None:
    streaming, second, grant = store.application, uuid4(), uuid4()
    over, over_stream = uuid4(), uuid4()
    tell(
        store,
        experience_added(second, SPACE),
        experience_added(over, SPACE),
        grant_issued(grant, MEMBER, second),
    )
    other = uuid4()
    for stream_id, experience in ((other, second), (over_stream, over)):
        store.execute(
            Cause(uuid4()),
            lambda s=stream_id, e=experience: streaming.go_live(s, e, SPACE, OWNER),
        )
    store.execute(Cause(uuid4()), lambda: streaming.end_stream(over_stream, EndCause.TEAM))
    await run_all(worker)
    for stream_id in (STREAM, other):
        rooms.rooms[stream_id] = [host(OWNER), viewer(MEMBER)]

    tell(store, person_banned(SPACE, MEMBER))
    store.execute(Cause(uuid4()), lambda: streaming.look_into_rooms(SPACE, uuid4()))
    await run_all(worker)

    assert rooms.rooms == {STREAM: [host(OWNER)], other: [host(OWNER)]}


async def test_a_room_that_can_not_be_cleared_yet_keeps_no_other_room_waiting(
    store: Store[Streaming], rooms: Rooms, worker: Worker, clock: FixedClock
) -> None:
    streaming, second, other = store.application, uuid4(), uuid4()
    tell(store, experience_added(second, SPACE), person_banned(SPACE, MEMBER))
    store.execute(Cause(uuid4()), lambda: streaming.go_live(other, second, SPACE, OWNER))
    await run_all(worker)
    rooms.rooms[STREAM] = [viewer(STRANGER)]
    rooms.rooms[other] = [viewer(MEMBER)]
    rooms.deaf.add(str(STRANGER))

    store.execute(Cause(uuid4()), lambda: streaming.look_into_rooms(SPACE, uuid4()))
    await run_all(worker)
    at_first = list(rooms.rooms[STREAM]), list(rooms.rooms[other])
    rooms.deaf.clear()
    clock.advance(timedelta(seconds=1))
    await run_all(worker)

    assert at_first == ([viewer(STRANGER)], [])
    assert rooms.rooms[STREAM] == []


async def test_a_banned_person_is_put_out_as_a_host_too_and_when_they_join_again(
    store: Store[Streaming], rooms: Rooms, worker: Worker
) -> None:
    tell(store, member_added(SPACE, STRANGER), person_banned(SPACE, STRANGER))
    tell(store, person_banned(SPACE, MEMBER))
    rooms.rooms[STREAM] = [host(OWNER), host(STRANGER), viewer(MEMBER)]

    await hook(store, worker, "participant_joined", who=str(STRANGER), host=True)
    await hook(store, worker, "participant_joined", who=str(MEMBER))

    assert rooms.rooms[STREAM] == [host(OWNER)]


async def test_former_team_member_is_removed_as_host_and_may_watch_with_a_grant(
    store: Store[Streaming], rooms: Rooms, worker: Worker
) -> None:
    streaming = store.application
    tell(store, space_created(SPACE, OWNER), member_added(SPACE, MEMBER))
    rooms.rooms[STREAM] = [host(OWNER), host(MEMBER), viewer(MEMBER)]
    store.execute(
        Cause(uuid4()),
        lambda: store.project(member_removed(SPACE, MEMBER), about(SPACE, version=3)),
    )

    store.execute(Cause(uuid4()), lambda: streaming.look_into_rooms(SPACE, uuid4()))
    await run_all(worker)

    assert rooms.rooms[STREAM] == [host(OWNER), viewer(MEMBER)]


async def test_participant_who_is_still_listed_is_removed_again(
    store: Store[Streaming], rooms: Rooms, jobs: Jobs
) -> None:
    rooms.rooms[STREAM] = [viewer(STRANGER)]
    rooms.deaf.add(str(STRANGER))

    with pytest.raises(StillInRoom):
        jobs.look_into_room({"experience_id": str(EXPERIENCE)})

    rooms.deaf.clear()
    jobs.look_into_room({"experience_id": str(EXPERIENCE)})
    assert rooms.rooms[STREAM] == []


async def test_sweep_finds_unreported_changes_and_repeats(
    store: Store[Streaming], rooms: Rooms, worker: Worker, clock: FixedClock
) -> None:
    rooms.rooms[STREAM] = [host(OWNER), viewer(STRANGER)]
    clock.advance(timedelta(seconds=30))

    await worker.run_due()

    assert rooms.rooms[STREAM] == [host(OWNER)]
    [again] = due(store, SWEEP)
    assert again["due_at"] == clock.now() + timedelta(seconds=30)


async def test_a_room_that_livekit_lost_is_opened_again_by_the_sweep(
    rooms: Rooms, worker: Worker, clock: FixedClock
) -> None:
    rooms.rooms.clear()
    clock.advance(timedelta(seconds=30))

    await worker.run_due()

    assert list(rooms.rooms) == [STREAM]


async def test_presence_of_the_host_is_read_from_the_room(
    store: Store[Streaming], rooms: Rooms, worker: Worker
) -> None:
    states = []
    seen_host = host(OWNER, publishes=True)
    for there in ([seen_host], [], [seen_host]):
        rooms.rooms[STREAM] = there
        await hook(store, worker, "participant_left", who=str(OWNER), host=True)
        states.append(seen(store).state)

    assert states == ["live", "back_soon", "live"]


async def test_a_stream_whose_host_never_comes_ends_after_thirty_minutes(
    store: Store[Streaming], rooms: Rooms, worker: Worker, clock: FixedClock
) -> None:
    clock.advance(timedelta(minutes=30))

    while await worker.run_due():
        pass

    assert (seen(store).state, seen(store).cause) == ("ended", "no_host")
    assert rooms.rooms == {}


async def test_a_room_that_was_closed_elsewhere_ends_its_stream(
    store: Store[Streaming], rooms: Rooms, worker: Worker
) -> None:
    await hook(store, worker, "room_finished")
    while_it_stands = seen(store).state
    rooms.rooms.clear()
    await hook(store, worker, "room_finished")

    assert (while_it_stands, seen(store).state) == ("lobby", "ended")
    assert seen(store).cause == "room_closed"


async def test_participant_who_enters_after_the_end_is_removed(
    store: Store[Streaming], rooms: Rooms, worker: Worker
) -> None:
    streaming = store.application
    store.execute(Cause(uuid4()), lambda: streaming.end_stream(STREAM, EndCause.TEAM))
    await worker.run_due()
    rooms.rooms[STREAM] = [viewer(MEMBER)]

    await hook(store, worker, "participant_joined", who=str(MEMBER))

    assert rooms.rooms[STREAM] == []


async def test_webhook_of_another_room_is_only_stored(
    store: Store[Streaming], worker: Worker
) -> None:
    await hook(store, worker, "participant_joined", room=str(uuid4()), who=str(MEMBER))

    handled = store.query(
        lambda curs: curs.execute("SELECT handled_at FROM webhook_inbox").fetchone()
    )
    assert handled is not None
    assert handled["handled_at"] is not None
