from uuid import uuid4

from services.streaming import reactions
from services.streaming.application import LOOK_INTO_ROOM, LOOK_INTO_ROOMS
from services.streaming.tests.builders import (
    Studio,
    about,
    grant_expired,
    grant_revoked,
    member_removed,
    person_banned,
)

PERSON, EXPERIENCE, SPACE = uuid4(), uuid4(), uuid4()


def test_a_revoked_grant_makes_us_look_into_the_room_at_once() -> None:
    studio = Studio()

    reactions.on_grant_revoked(
        grant_revoked(uuid4(), PERSON, EXPERIENCE), about(), studio.streaming
    )

    [entry] = studio.asked_for(LOOK_INTO_ROOM)
    assert entry.payload == {"experience_id": str(EXPERIENCE)}
    assert entry.due_at == studio.clock.now()


def test_told_twice_we_look_once_and_told_of_two_we_look_twice() -> None:
    studio, envelope = Studio(), about()
    expired = grant_expired(uuid4(), PERSON, EXPERIENCE)

    reactions.on_grant_expired(expired, envelope, studio.streaming)
    reactions.on_grant_expired(expired, envelope, studio.streaming)
    reactions.on_grant_expired(expired, about(), studio.streaming)

    assert len(studio.asked_for(LOOK_INTO_ROOM)) == 2


def test_a_ban_makes_us_look_into_all_rooms_of_the_space_at_once() -> None:
    studio, envelope = Studio(), about(version=2)

    for _ in range(2):
        reactions.on_person_banned(person_banned(SPACE, PERSON), envelope, studio.streaming)

    [entry] = studio.asked_for(LOOK_INTO_ROOMS)
    assert entry.payload == {"space_id": str(SPACE), "because_of": str(envelope.id)}
    assert entry.due_at == studio.clock.now()


def test_whoever_leaves_the_team_makes_us_look_into_all_rooms_of_the_space_at_once() -> None:
    studio, envelope = Studio(), about()
    removed = member_removed(SPACE, PERSON)

    reactions.on_team_member_removed(removed, envelope, studio.streaming)
    reactions.on_team_member_removed(removed, envelope, studio.streaming)
    reactions.on_team_member_removed(removed, about(), studio.streaming)

    assert len(studio.asked_for(LOOK_INTO_ROOMS)) == 2
