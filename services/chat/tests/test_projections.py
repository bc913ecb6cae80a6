"""The views of the chat service: rebuilt from nothing they show the same."""

from typing import Any
from uuid import UUID, uuid4

from libs.runtime.store.cause import Cause
from libs.runtime.store.store import Store
from libs.runtime.views.view import ViewCursor
from services.chat.application import Chat
from services.chat.domain import ChannelMember, ClosedFor, Role, SourceState
from services.chat.tests.builders import OPEN

PERSON, SPACE, EXPERIENCE, SOURCE = (UUID(int=n) for n in range(1, 5))


def rows(curs: ViewCursor) -> list[Any]:
    members = curs.execute("SELECT * FROM channel_member_list ORDER BY member_id").fetchall()
    return [*members, *curs.execute("SELECT * FROM channel_list").fetchall()]


def test_views_rebuilt_from_zero_equal_the_live_ones(store: Store[Chat], database: str) -> None:
    chat = store.application
    member = ChannelMember.create_id(PERSON, EXPERIENCE)
    ended = SourceState(2, 0, ClosedFor.ENDED)
    for decide in (
        lambda: chat.add_experience(EXPERIENCE, SPACE, "Lounge"),
        lambda: chat.confirm_channel(EXPERIENCE),
        lambda: chat.update_source(SOURCE, PERSON, [EXPERIENCE], OPEN),
        lambda: chat.confirm_member(member, 1),
        lambda: chat.change_team_role(SPACE, PERSON, Role.MODERATOR, 2),
        lambda: chat.confirm_member(member, 2),
        lambda: chat.update_source(uuid4(), uuid4(), [EXPERIENCE], OPEN),
        lambda: chat.ban_person(SPACE, PERSON, 2),
        lambda: chat.confirm_member(member, 3),
        lambda: chat.lift_ban(SPACE, PERSON, 3),
        lambda: chat.change_team_role(SPACE, PERSON, None, 3),
        lambda: chat.update_source(SOURCE, PERSON, [EXPERIENCE], ended),
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
    *members, channel = live
    roles = {(row["wanted_role"], row["confirmed_role"]) for row in members}
    assert (roles, channel["open"]) == ({(None, None), ("member", None)}, True)
