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


def test_revoked_grant_checks_the_room_at_once() -> None:
    studio = Studio()

    reactions.on_grant_revoked(
        grant_revoked(uuid4(), PERSON, EXPERIENCE), about(), studio.streaming
    )

    [entry] = studio.asked_for(LOOK_INTO_ROOM)
    assert entry.payload == {"experience_id": str(EXPERIENCE)}
    assert entry.due_at == studio.clock.now()


def test_redelivered_revocation_checks_once_and_two_revocations_check_twice() -> None:
    studio, envelope = Studio(), about()
    expired = grant_expired(uuid4(), PERSON, EXPERIENCE)

    reactions.on_grant_expired(expired, envelope, studio.streaming)
    reactions.on_grant_expired(expired, envelope, studio.streaming)
    reactions.on_grant_expired(expired, about(), studio.streaming)

    assert len(studio.asked_for(LOOK_INTO_ROOM)) == 2


def test_ban_checks_all_rooms_of_the_space_at_once() -> None:
    studio, envelope = Studio(), about(version=2)

    for _ in range(2):
        reactions.on_person_banned(person_banned(SPACE, PERSON), envelope, studio.streaming)

    [entry] = studio.asked_for(LOOK_INTO_ROOMS)
    assert entry.payload == {"space_id": str(SPACE), "because_of": str(envelope.id)}
    assert entry.due_at == studio.clock.now()


def test_removal_from_the_team_checks_all_rooms_of_the_space_at_once() -> None:
    studio, envelope = Studio(), about()
    removed = member_removed(SPACE, PERSON)

    reactions.on_team_member_removed(removed, envelope, studio.streaming)
    reactions.on_team_member_removed(removed, envelope, studio.streaming)
    reactions.on_team_member_removed(removed, about(), studio.streaming)

    assert len(studio.asked_for(LOOK_INTO_ROOMS)) == 2
