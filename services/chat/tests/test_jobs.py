"""What the service does at its provider, whatever is missing there."""

from uuid import UUID, uuid4

import pytest

from libs.runtime.scheduling.worker import Worker
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.chat.application import ChannelMissing, Chat
from services.chat.domain import Membership, Role
from services.chat.jobs import Jobs
from services.chat.queries import get_seat
from services.chat.tests.builders import NOW
from services.chat.tests.fakes import Room

PERSON, SPACE, EXPERIENCE, SOURCE = (UUID(int=n) for n in range(1, 5))
SEAT = Membership.create_id(PERSON, EXPERIENCE)


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def jobs(store: Store[Chat], room: Room) -> Jobs:
    return Jobs(store, room, lambda _: "Ada")


@pytest.fixture
def worker(store: Store[Chat], jobs: Jobs) -> Worker:
    return Worker(store, {}, jobs.by_kind())


def add(store: Store[Chat]) -> None:
    chat = store.application
    store.execute(Cause(uuid4()), lambda: chat.add_source(SOURCE, PERSON, EXPERIENCE, NOW))


def remove(store: Store[Chat]) -> None:
    chat = store.application
    store.execute(Cause(uuid4()), lambda: chat.remove_source(SOURCE, PERSON, EXPERIENCE))


async def run_all(worker: Worker) -> None:
    while await worker.run_due():
        pass


async def test_a_buyer_whom_the_provider_does_not_know_is_introduced_and_seated(
    store: Store[Chat], room: Room, worker: Worker
) -> None:
    chat = store.application
    store.execute(Cause(uuid4()), lambda: chat.add_experience(EXPERIENCE, SPACE, "Lounge"))
    add(store)

    await run_all(worker)

    assert room.seats == {(EXPERIENCE, PERSON): Role.MEMBER}
    assert room.names == {PERSON: "Ada"}
    assert store.query(lambda curs: get_seat(curs, SEAT)).seated_as == "member"


async def test_a_channel_that_the_provider_lost_is_made_again(
    store: Store[Chat], room: Room, worker: Worker
) -> None:
    chat = store.application
    store.execute(Cause(uuid4()), lambda: chat.add_experience(EXPERIENCE, SPACE, "Lounge"))
    await run_all(worker)
    room.channels.clear()
    room.introduce(PERSON, None)

    add(store)
    await run_all(worker)

    assert room.channels == {EXPERIENCE: "Lounge"}
    assert room.seats == {(EXPERIENCE, PERSON): Role.MEMBER}


def test_a_seat_before_its_experience_was_announced_waits(store: Store[Chat], jobs: Jobs) -> None:
    add(store)

    with pytest.raises(ChannelMissing):
        jobs.settle_seat({"membership_id": str(SEAT)})

    assert not store.query(lambda curs: get_seat(curs, SEAT)).is_confirmed


async def test_a_join_that_was_under_way_when_access_ended_does_not_stay(
    store: Store[Chat], room: Room, jobs: Jobs, worker: Worker
) -> None:
    room.open_channel(EXPERIENCE, "Lounge")
    room.introduce(PERSON, None)
    add(store)
    joined = jobs.settle_seat({"membership_id": str(SEAT)})
    remove(store)
    leave = jobs.settle_seat({"membership_id": str(SEAT)})
    store.work(Cause(uuid4()), leave)
    room.seat(EXPERIENCE, PERSON, Role.MEMBER)  # the slow call lands only now

    store.work(Cause(uuid4()), joined)
    await run_all(worker)

    assert room.seats == {}
    assert store.query(lambda curs: get_seat(curs, SEAT)).seated_as is None


async def test_a_buyer_who_joins_the_team_moderates_from_the_same_seat(
    store: Store[Chat], room: Room, worker: Worker
) -> None:
    chat = store.application
    store.execute(Cause(uuid4()), lambda: chat.add_experience(EXPERIENCE, SPACE, "Lounge"))
    add(store)
    await run_all(worker)

    store.execute(
        Cause(uuid4()), lambda: chat.add_team_member(SPACE, PERSON, uuid4(), Role.MODERATOR)
    )
    await run_all(worker)

    assert room.seats == {(EXPERIENCE, PERSON): Role.MODERATOR}
