"""Views of the streaming service: rebuilt or fed in another order, they are the same."""

from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.events.catalog import TeamMemberAdded, TeamMemberRemoved
from libs.events.envelope import Envelope
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from libs.runtime.views.view import ViewCursor
from services.streaming.__main__ import streaming_store
from services.streaming.application import Streaming
from services.streaming.domain import EndCause
from services.streaming.projections import DoorList
from services.streaming.queries import list_hosts_of, list_who_may_enter
from services.streaming.tests.builders import (
    NOW,
    about,
    ban_lifted,
    experience_added,
    grant_expired,
    grant_issued,
    grant_revoked,
    member_added,
    person_banned,
    space_created,
)

PERSON, SPACE, EXPERIENCE, GRANT, OTHER = (UUID(int=n) for n in range(1, 6))


def streams(curs: ViewCursor) -> list[Any]:
    return curs.execute("SELECT * FROM stream_list ORDER BY stream_id").fetchall()


def test_streams_rebuilt_from_zero_equal_the_live_ones(
    store: Store[Streaming], database: str
) -> None:
    streaming = store.application
    first, second = UUID(int=21), UUID(int=22)
    for decide in (
        lambda: streaming.go_live(first, EXPERIENCE, SPACE, PERSON) and None,
        lambda: streaming.confirm_room(first),
        lambda: streaming.confirm_live(first),
        lambda: streaming.note_hosts(first, present=True),
        lambda: streaming.note_hosts(first, present=False),
        lambda: streaming.go_live(second, uuid4(), SPACE, PERSON) and None,
        lambda: streaming.confirm_live(second),
        lambda: streaming.end_stream(second, EndCause.TEAM) and None,
    ):
        store.execute(Cause(uuid4()), decide)
    live = store.query(streams)

    store.query(lambda curs: curs.execute("DELETE FROM views WHERE name = 'stream_list'") and None)
    again = streaming_store(database, FixedClock(NOW))
    again.open()
    rebuilt = again.query(streams)
    again.close()

    assert rebuilt == live
    assert [row["state"] for row in live] == ["back_soon", "ended"]


STORY = (
    grant_issued(GRANT, PERSON, EXPERIENCE),
    grant_revoked(GRANT, PERSON, EXPERIENCE),
    grant_issued(GRANT, PERSON, EXPERIENCE, valid_until=NOW + timedelta(hours=1)),
    grant_expired(GRANT, PERSON, EXPERIENCE),
)


@pytest.mark.parametrize(
    ("length", "opens"), [(2, False), (3, True), (4, False)], ids=["closed", "again", "expired"]
)
def test_latest_event_of_a_grant_holds_in_every_order_of_arrival(
    store: Store[Streaming], length: int, opens: bool
) -> None:
    story = [(contract, about(GRANT, n)) for n, contract in enumerate(STORY[:length], 1)]

    for order in permutations(story):
        store.query(lambda curs: curs.execute("DELETE FROM door_list") and None)
        for contract, envelope in (*order, *order):
            store.query(lambda curs, c=contract, e=envelope: DoorList().apply(c, e, curs))

        may_enter = store.query(lambda c: list_who_may_enter(c, EXPERIENCE, [PERSON], NOW))
        assert may_enter == ({PERSON} if opens else set()), order


class Tombstones(DoorList):
    """The protection switched off: a closed grant stays closed."""

    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        row = curs.execute("SELECT closed FROM door_list").fetchone()
        if row is None or not row["closed"]:
            super().apply(event, about, curs)


def test_with_tombstones_a_grant_issued_again_would_stay_closed(store: Store[Streaming]) -> None:
    for version, contract in enumerate(STORY[:3], 1):
        envelope = about(GRANT, version)
        store.query(lambda curs, c=contract, e=envelope: Tombstones().apply(c, e, curs))

    assert store.query(lambda c: list_who_may_enter(c, EXPERIENCE, [PERSON], NOW)) == set()


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("words", [2, 3])
def test_newest_ban_event_wins_in_any_order(
    store: Store[Streaming], order: tuple[int, ...], words: int
) -> None:
    told = [person_banned(SPACE, PERSON), ban_lifted(SPACE, PERSON), person_banned(SPACE, PERSON)]
    ban = uuid4()
    for contract in (
        experience_added(EXPERIENCE, SPACE),
        grant_issued(GRANT, PERSON, EXPERIENCE),
        grant_issued(uuid4(), OTHER, EXPERIENCE),
    ):
        store.execute(Cause(uuid4()), lambda c=contract: store.project(c, about()))

    for each in [n for n in order if n < words] * 2:
        envelope = about(ban, each + 2)
        store.execute(Cause(uuid4()), lambda c=told[each], e=envelope: store.project(c, e))

    may_enter = store.query(lambda curs: list_who_may_enter(curs, EXPERIENCE, [PERSON, OTHER], NOW))
    assert may_enter == ({OTHER} if words == 3 else {PERSON, OTHER})


def test_a_ban_holds_on_the_team_too_and_in_no_other_space(store: Store[Streaming]) -> None:
    elsewhere, another = uuid4(), uuid4()
    for contract in (
        experience_added(EXPERIENCE, SPACE),
        experience_added(elsewhere, another),
        grant_issued(GRANT, PERSON, elsewhere),
        member_added(SPACE, PERSON),
        person_banned(SPACE, PERSON),
    ):
        store.execute(Cause(uuid4()), lambda c=contract: store.project(c, about()))

    def may_enter(experience_id: UUID) -> set[UUID]:
        return store.query(lambda curs: list_who_may_enter(curs, experience_id, [PERSON], NOW))

    assert (may_enter(EXPERIENCE), may_enter(elsewhere)) == (set(), {PERSON})


def test_older_team_event_changes_nothing(store: Store[Streaming]) -> None:
    def say(contract: Any, version: int) -> None:
        envelope = about(SPACE, version)
        store.execute(Cause(uuid4()), lambda: store.project(contract, envelope))

    def on_team() -> set[UUID]:
        return store.query(lambda curs: list_hosts_of(curs, SPACE, [PERSON]))

    say(space_created(SPACE, uuid4()), 1)
    say(TeamMemberRemoved(space_id=SPACE, person_id=PERSON), 3)
    say(TeamMemberAdded(space_id=SPACE, person_id=PERSON, role="admin"), 2)
    after_an_older_word = on_team()
    say(TeamMemberAdded(space_id=SPACE, person_id=PERSON, role="admin"), 4)

    assert (after_an_older_word, on_team()) == (set(), {PERSON})
