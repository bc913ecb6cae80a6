from collections.abc import Callable
from typing import Any
from uuid import uuid4

from libs.events.catalog import TeamMemberAdded, TeamMemberRemoved
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.scheduling.schedule import Schedule
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.access import queries
from services.access.application import Access
from services.access.domain import BanReason, EntryRule, Grant, RevocationCause, decide_entry
from services.access.explanation import explain
from services.access.projections import VIEWS
from services.access.tests.builders import (
    HOUR,
    NOON,
    a_change,
    a_purchase,
    a_space,
    about,
    an_end,
    an_experience,
)
from services.access.tests.conftest import Hear

OWN_TABLES = ("grant_list", "ban_list")


def rows(store: Store[Access], table: str) -> list[Any]:
    sql = f"SELECT * FROM {table} ORDER BY 1, 2"  # noqa: S608
    return store.query(lambda curs: curs.execute(sql).fetchall())


def a_command(store: Store[Access], decide: Callable[[], None]) -> None:
    store.execute(Cause(uuid4(), "someone"), decide)


def test_rebuilt_from_the_log_the_tables_are_what_they_were(
    store: Store[Access], hear: Hear, database: str, clock: FixedClock
) -> None:
    kept, refunded, restored = a_purchase(access_until=NOON + HOUR), a_purchase(), a_purchase()
    hear(kept, refunded, an_end(refunded), restored, an_end(restored), a_change(restored))
    longer = a_change(kept, access_until=NOON + 2 * HOUR)
    hear(longer)
    access = store.application
    banned = [(kept.space_id, uuid4()), (kept.space_id, uuid4())]
    for space_id, person_id in banned:
        a_command(store, lambda s=space_id, p=person_id: access.ban_person(s, p, BanReason.SPAM))
    a_command(store, lambda: access.lift_ban(*banned[0]))
    live = {table: rows(store, table) for table in OWN_TABLES}

    a_command(store, lambda: _forget_views(store))
    again = Store(
        "access",
        database,
        lambda env: Access(env, clock=clock, schedule=Schedule(clock)),
        views=VIEWS,
        pool_size=2,
    )
    again.open()
    rebuilt = {table: rows(again, table) for table in OWN_TABLES}
    again.close()

    assert rebuilt == live
    assert [len(live[table]) for table in OWN_TABLES] == [6, 1]


def _forget_views(store: Store[Access]) -> None:
    store.cursor().execute("DELETE FROM views WHERE name = ANY(%s)", (list(OWN_TABLES),))


def test_an_older_version_of_a_team_changes_nothing(store: Store[Access], hear: Hear) -> None:
    owner, member = uuid4(), uuid4()
    space = a_space(owner)
    added = TeamMemberAdded(space_id=space.space_id, person_id=member, role="support")
    removed = TeamMemberRemoved(space_id=space.space_id, person_id=member)

    hear(removed, envelope=about(removed, space.space_id, version=3))
    hear(added, envelope=about(added, space.space_id, version=2))
    hear(space, envelope=about(space, space.space_id, version=1))

    assert [(r["person_id"], r["role"]) for r in rows(store, "team_list")] == sorted(
        [(owner, "owner"), (member, None)]
    )


def test_the_entry_and_its_explanation_agree(
    store: Store[Access], hear: Hear, clock: FixedClock
) -> None:
    space, person, experience = a_space(uuid4()), uuid4(), uuid4()
    hear(space, an_experience(space.space_id, experience))
    who = {"person_id": person, "space_id": space.space_id}
    first = a_purchase(experience, **who, access_until=NOON + HOUR)
    access = store.application
    story: list[Callable[[], None]] = [
        lambda: hear(first),
        lambda: a_command(
            store, lambda: access.ban_person(space.space_id, person, BanReason.OTHER)
        ),
        lambda: a_command(store, lambda: access.lift_ban(space.space_id, person)),
        lambda: hear(a_purchase(experience, **who, access_from=NOON + HOUR)),
        lambda: hear(an_end(first)),
        lambda: clock.advance(HOUR),
    ]

    rules = []
    for happens in story:
        happens()
        at = clock.now()
        entry = store.query(lambda c, at=at: queries.get_entry(c, person, experience, at))
        explained = store.query(
            lambda c, at=at: explain(
                access.list_history(
                    queries.list_grant_ids(c, person, experience), [space.space_id], person
                ),
                at,
            )
        )
        assert entry.because is explained.because
        rules.append(entry.because)

    assert rules == [
        EntryRule.GRANT,
        EntryRule.BANNED,
        EntryRule.GRANT,
        EntryRule.GRANT,
        EntryRule.NOT_YET,
        EntryRule.GRANT,
    ]
    assert decide_entry([], banned=False, at=NOON) is EntryRule.NO_GRANT


def test_a_member_is_one_row_with_what_is_open_now(
    store: Store[Access], hear: Hear, clock: FixedClock
) -> None:
    person, space_id = uuid4(), uuid4()
    old = a_purchase(uuid4(), person_id=person, space_id=space_id, access_from=NOON - HOUR)
    new = a_purchase(uuid4(), person_id=person, space_id=space_id)
    hear(old, an_end(old), new, a_purchase())

    (member,) = store.query(
        lambda c: queries.list_members(c, space_id, clock.now(), limit=10, offset=0)
    )

    assert (member.person_id, member.status, member.since) == (person, "active", NOON - HOUR)
    assert member.experience_ids == new.experience_ids
    assert member.source_id == new.membership_id
    assert [grant.status for grant in member.grants] == ["active", "revoked"]


def test_a_revoked_grant_is_shown_with_its_cause(store: Store[Access], hear: Hear) -> None:
    purchase = a_purchase(uuid4())
    hear(purchase)
    grant_id = Grant.create_id(purchase.membership_id, purchase.experience_ids[0])

    a_command(store, lambda: store.application.revoke_grant(grant_id, RevocationCause.ABUSE))

    (row,) = rows(store, "grant_list")
    assert (row["revoked_at"], row["revoked_for"]) == (NOON, "abuse")


def test_only_what_covers_the_moment_is_listed_as_open(
    store: Store[Access], hear: Hear, clock: FixedClock
) -> None:
    person = uuid4()
    later = a_purchase(uuid4(), person_id=person, access_from=NOON + HOUR)
    now = a_purchase(uuid4(), person_id=person, access_until=NOON + HOUR)
    hear(later, now)

    seen = []
    for _ in range(2):
        at = clock.now()
        grants = store.query(lambda c, at=at: queries.list_grants_of(c, person, at))
        seen.append([grant.experience_id for grant in grants])
        clock.advance(HOUR)

    assert seen == [list(now.experience_ids), list(later.experience_ids)]
