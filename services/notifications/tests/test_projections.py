from collections.abc import Callable
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest

from libs.events.access import BanLifted, GrantRevoked, PersonBanned
from libs.events.catalog import SpacePublished
from libs.runtime.scheduling.clock import FixedClock
from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from services.notifications import queries
from services.notifications.application import Names, Notifications
from services.notifications.domain import Channel, DropReason, Kind, Notice
from services.notifications.tests.builders import (
    MINUTE,
    NOON,
    a_grant,
    a_published_pass,
    a_space,
    about,
    an_experience,
    some_news,
)
from services.notifications.tests.conftest import Hear, on_database


def rows(store: Store[Notifications], table: str) -> list[Any]:
    sql = f"SELECT * FROM {table} ORDER BY 1"  # noqa: S608
    return store.query(lambda curs: curs.execute(sql).fetchall())


def a_command(store: Store[Notifications], decide: Callable[[], Any]) -> None:
    store.work(Cause(uuid4(), "someone"), decide)


def test_rebuilt_from_the_log_the_notices_are_what_they_were(
    store: Store[Notifications], database: str, clock: FixedClock
) -> None:
    app, person = store.application, uuid4()
    several = [some_news(kind) for kind in (Kind.RECEIPT, Kind.WELCOME, Kind.LIVE_NOW)]
    a_command(store, lambda: app.tell([person], *several))
    mails = [
        Notice.create_id(news.about_event_id, person, news.kind, Channel.EMAIL) for news in several
    ]
    in_app = Notice.create_id(several[0].about_event_id, person, Kind.RECEIPT, Channel.IN_APP)
    clock.advance(MINUTE)
    a_command(store, lambda: app.deliver_notice(mails[0]))
    a_command(store, lambda: app.drop_notice(mails[1], DropReason.OPTED_OUT))
    a_command(store, lambda: app.fail_notice(mails[2], 550))
    a_command(store, lambda: app.read_notice(in_app, person))
    live = rows(store, "notice_list")

    a_command(store, lambda: store.cursor().execute("DELETE FROM views WHERE name='notice_list'"))
    again = on_database(database, clock)
    again.open()
    rebuilt = rows(again, "notice_list")
    again.close()

    assert rebuilt == live
    fates = sorted((row["status"], row["because"]) for row in live if row["channel"] == "email")
    assert fates == [("delivered", None), ("dropped", "opted_out"), ("failed", "550")]


def standing(store: Store[Notifications], experience: object, at: object = NOON) -> list[Any]:
    nobody = uuid4().__class__(int=0)
    return store.query(lambda c: list(queries.list_standing(c, experience, at, nobody, 10)))


def test_the_audience_is_everyone_with_a_standing_grant_once(
    store: Store[Notifications], hear: Hear
) -> None:
    experience, space = uuid4(), uuid4()
    twice, gone, banned, over, early = (uuid4() for _ in range(5))
    hear(a_grant(experience, twice))
    hear(a_grant(experience, twice))
    hear(a_grant(uuid4(), uuid4()))
    hear(a_grant(experience, over, valid_until=NOON))
    hear(a_grant(experience, early, valid_from=NOON + MINUTE))
    hear(a_grant(experience, banned, space_id=space))
    hear(PersonBanned(space_id=space, person_id=banned, reason_code="spam"))
    revoked = a_grant(experience, gone)
    hear(revoked)
    revocation = _revocation_of(revoked)
    hear(revocation, about(revocation, version=2))

    assert standing(store, experience) == [twice]


def _revocation_of(grant: Any) -> GrantRevoked:
    fields = grant.model_dump(exclude={"reason", "valid_from", "valid_until"})
    return GrantRevoked(**fields, cause="refund")


@pytest.mark.parametrize(("length", "in_audience"), [(2, False), (3, True)])
def test_latest_event_of_a_grant_holds_in_every_order_of_arrival(
    store: Store[Notifications], hear: Hear, length: int, in_audience: bool
) -> None:
    for order in permutations(range(length)):
        grant = a_grant(uuid4(), uuid4())
        story = [grant, _revocation_of(grant), grant]

        for number in order:
            hear(story[number], about(story[number], grant.grant_id, number + 1))

        expected = [grant.person_id] if in_audience else []
        assert standing(store, grant.experience_id) == expected, order


def test_an_older_ban_never_wins_over_its_lifting(store: Store[Notifications], hear: Hear) -> None:
    grant, ban_id = a_grant(uuid4(), uuid4()), uuid4()
    who = {"space_id": grant.space_id, "person_id": grant.person_id}
    lifted, banned = BanLifted(**who), PersonBanned(**who, reason_code="spam")
    hear(grant)

    hear(lifted, about(lifted, ban_id, version=3))
    hear(banned, about(banned, ban_id, version=2))

    assert standing(store, grant.experience_id) == [grant.person_id]


def test_names_come_from_the_catalog_in_any_order_of_events(
    store: Store[Notifications], hear: Hear
) -> None:
    space, experience, of_pass = uuid4(), uuid4(), uuid4()
    renamed = SpacePublished(space_id=space, slug="studio", name="The New Studio")

    hear(an_experience(experience, space))
    alone = store.query(lambda c: queries.get_names(c, experience))
    hear(renamed, about(renamed, space, version=2))
    first = a_space(space)
    hear(first, about(first, space, version=1))
    hear(a_published_pass(of_pass, space))

    assert alone == Names("Rehearsals", "rehearsals")
    names = store.query(lambda c: [queries.get_names(c, i) for i in (experience, of_pass)])
    assert names == [
        Names("Rehearsals", "rehearsals", "The New Studio", "studio"),
        Names("Season pass", "season", "The New Studio", "studio"),
    ]
    assert store.query(lambda c: queries.get_names(c, uuid4())) == Names()
