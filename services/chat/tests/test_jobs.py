"""What the service does at its provider, whatever is missing there."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.scheduling.worker import Worker
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.chat.application import Chat
from services.chat.domain import ChannelMember, ClosedFor, Role, SourceState
from services.chat.jobs import Jobs
from services.chat.provider import ChannelMissing
from services.chat.queries import get_member
from services.chat.tests.builders import OPEN
from services.chat.tests.fakes import Room

PERSON, SPACE, EXPERIENCE, SOURCE = (UUID(int=n) for n in range(1, 5))
MEMBER = ChannelMember.create_id(PERSON, EXPERIENCE)


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
    store.execute(Cause(uuid4()), lambda: chat.update_source(SOURCE, PERSON, [EXPERIENCE], OPEN))


def remove(store: Store[Chat]) -> None:
    chat, ended = store.application, SourceState(2, 0, ClosedFor.ENDED)
    store.execute(Cause(uuid4()), lambda: chat.update_source(SOURCE, PERSON, [EXPERIENCE], ended))


async def run_all(worker: Worker) -> None:
    while await worker.run_due():
        pass


async def test_a_buyer_whom_the_provider_does_not_know_is_introduced_and_added(
    store: Store[Chat], room: Room, worker: Worker
) -> None:
    chat = store.application
    store.execute(Cause(uuid4()), lambda: chat.add_experience(EXPERIENCE, SPACE, "Lounge"))
    add(store)

    await run_all(worker)

    assert room.members == {(EXPERIENCE, PERSON): Role.MEMBER}
    assert room.names == {PERSON: "Ada"}
    assert store.query(lambda curs: get_member(curs, MEMBER)).confirmed_role == "member"


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
    assert room.members == {(EXPERIENCE, PERSON): Role.MEMBER}


def test_a_member_waits_for_the_experience_to_be_announced(store: Store[Chat], jobs: Jobs) -> None:
    add(store)

    with pytest.raises(ChannelMissing):
        jobs.settle_member({"member_id": str(MEMBER)})

    assert not store.query(lambda curs: get_member(curs, MEMBER)).is_confirmed


async def test_a_join_that_was_under_way_when_access_ended_does_not_stay(
    store: Store[Chat], room: Room, jobs: Jobs, worker: Worker
) -> None:
    room.open_channel(EXPERIENCE, "Lounge")
    room.introduce(PERSON, None)
    add(store)
    joined = jobs.settle_member({"member_id": str(MEMBER)})
    remove(store)
    leave = jobs.settle_member({"member_id": str(MEMBER)})
    store.work(Cause(uuid4()), leave)
    room.add_member(EXPERIENCE, PERSON, Role.MEMBER)  # the slow call lands only now

    store.work(Cause(uuid4()), joined)
    await run_all(worker)

    assert room.members == {}
    assert store.query(lambda curs: get_member(curs, MEMBER)).confirmed_role is None


async def test_a_member_who_joins_the_team_becomes_a_moderator(
    store: Store[Chat], room: Room, worker: Worker
) -> None:
    chat = store.application
    store.execute(Cause(uuid4()), lambda: chat.add_experience(EXPERIENCE, SPACE, "Lounge"))
    add(store)
    await run_all(worker)

    store.execute(Cause(uuid4()), lambda: chat.change_team_role(SPACE, PERSON, Role.MODERATOR, 2))
    await run_all(worker)

    assert room.members == {(EXPERIENCE, PERSON): Role.MODERATOR}


def sweep(store: Store[Chat]) -> None:
    store.execute(Cause(uuid4()), lambda: store.application.sweep_channels([EXPERIENCE]))


@pytest.fixture
async def member(store: Store[Chat], worker: Worker) -> None:
    """The provider confirmed a member of a channel."""
    chat = store.application
    store.execute(Cause(uuid4()), lambda: chat.add_experience(EXPERIENCE, SPACE, "Lounge"))
    add(store)
    await run_all(worker)


@pytest.mark.usefixtures("member")
@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {(EXPERIENCE, PERSON): Role.MODERATOR},
        {(EXPERIENCE, PERSON): Role.MEMBER, (EXPERIENCE, UUID(int=9)): Role.MEMBER},
    ],
    ids=["a missing member", "another role", "somebody without access"],
)
@pytest.mark.parametrize("swept", [True, False])
async def test_the_sweep_puts_right_what_changed_at_the_provider(
    store: Store[Chat],
    room: Room,
    worker: Worker,
    wrong: dict[tuple[UUID, UUID], Role],
    swept: bool,
) -> None:
    room.members = dict(wrong)

    if swept:
        sweep(store)
    await run_all(worker)

    assert (room.members == {(EXPERIENCE, PERSON): Role.MEMBER}) is swept


@pytest.mark.usefixtures("member")
async def test_the_sweep_removes_who_was_put_back_after_leaving(
    store: Store[Chat], room: Room, worker: Worker
) -> None:
    remove(store)
    await run_all(worker)
    room.members[EXPERIENCE, PERSON] = Role.MEMBER

    sweep(store)
    await run_all(worker)

    assert room.members == {}


async def test_the_sweep_leaves_members_with_a_request_under_way_to_it(
    store: Store[Chat], room: Room, jobs: Jobs
) -> None:
    chat = store.application
    store.execute(Cause(uuid4()), lambda: chat.add_experience(EXPERIENCE, SPACE, "Lounge"))
    add(store)

    jobs.sweep_channel({"experience_id": str(EXPERIENCE)})

    assert room.members == {}


@pytest.mark.usefixtures("member")
async def test_all_channels_are_swept_every_five_minutes(
    store: Store[Chat], room: Room, worker: Worker
) -> None:
    clock = store.clock
    assert isinstance(clock, FixedClock)
    store.execute(Cause(uuid4()), store.application.sweep_later)
    for _ in range(2):
        room.members.clear()
        clock.advance(timedelta(minutes=5))
        await run_all(worker)

        assert room.members == {(EXPERIENCE, PERSON): Role.MEMBER}
