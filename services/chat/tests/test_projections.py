"""The views of the chat service: rebuilt from nothing they show the same."""

from typing import Any
from uuid import UUID, uuid4

from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from libs.runtime.views.view import ViewCursor
from services.chat.application import Chat
from services.chat.domain import Membership, Role
from services.chat.tests.builders import NOW

PERSON, SPACE, EXPERIENCE, SOURCE = (UUID(int=n) for n in range(1, 5))


def rows(curs: ViewCursor) -> list[Any]:
    seats = curs.execute("SELECT * FROM seat_list ORDER BY membership_id").fetchall()
    return [*seats, *curs.execute("SELECT * FROM channel_list").fetchall()]


def test_views_rebuilt_from_zero_equal_the_live_ones(store: Store[Chat], database: str) -> None:
    chat = store.application
    seat = Membership.create_id(PERSON, EXPERIENCE)
    for decide in (
        lambda: chat.add_experience(EXPERIENCE, SPACE, "Lounge"),
        lambda: chat.confirm_channel(EXPERIENCE),
        lambda: chat.add_source(SOURCE, PERSON, EXPERIENCE, NOW),
        lambda: chat.confirm_seat(seat, 1),
        lambda: chat.add_team_member(SPACE, PERSON, uuid4(), Role.MODERATOR),
        lambda: chat.confirm_seat(seat, 2),
        lambda: chat.add_source(uuid4(), uuid4(), EXPERIENCE, NOW),
        lambda: chat.ban_person(SPACE, PERSON, 2),
        lambda: chat.confirm_seat(seat, 3),
        lambda: chat.lift_ban(SPACE, PERSON, 3),
        lambda: chat.remove_team_member(SPACE, PERSON),
        lambda: chat.remove_source(SOURCE, PERSON, EXPERIENCE),
    ):
        store.execute(Cause(uuid4()), decide)
    live = store.query(rows)

    store.query(lambda curs: curs.execute("DELETE FROM views") and None)
    again: Store[Chat] = Store(
        "chat", database, lambda _: store.application, views=store.views, clock=store.clock
    )
    again.open()
    rebuilt = again.query(rows)
    again.close()

    assert rebuilt == live
    assert (live[0]["wish"], live[-1]["open"]) in {(None, True), ("member", True)}
    assert len(live) == 3
