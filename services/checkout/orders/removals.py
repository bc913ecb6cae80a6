"""What the team of a space has taken back, as access announced it."""

from typing import Final

from typing_extensions import override

from libs.events.access import GrantRevoked
from libs.events.envelope import Envelope
from libs.runtime.views.view import View, ViewCursor

_BY_TEAM: Final = frozenset({"creator", "abuse", "mistake"})
"""Causes for which a team revokes a grant; a refund and a lost order are none of them."""


class RemovalList(View):
    """Which experiences of an order its buyer was removed from; access never gives them back.

    An order of which the team has left nothing no longer counts as owned: the pass can be bought
    again.
    """

    name = "removal_list"
    tables = ("removal_list",)
    subscriptions = (GrantRevoked,)
    ddl = """
        CREATE TABLE IF NOT EXISTS removal_list (
            order_id uuid NOT NULL,
            experience_id uuid NOT NULL,
            PRIMARY KEY (order_id, experience_id)
        )
    """

    @override
    def apply(self, event: object, about: Envelope, curs: ViewCursor) -> None:
        if isinstance(event, GrantRevoked) and event.cause in _BY_TEAM:
            curs.execute(
                "INSERT INTO removal_list VALUES (%s, %s) ON CONFLICT DO NOTHING",
                (event.source_id, event.experience_id),
            )
