"""Which memberships there are, read in the open unit of work."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.checkout.memberships.states import LIVE
from services.checkout.sql import execute

IS_LIVE: Final = f"""
    (m.state IN ({", ".join(f"'{state}'" for state in sorted(LIVE))})
     AND (m.access_until IS NULL OR m.access_until > %(at)s))
"""
"""Whether a row of `membership_list m` is owned at an instant."""

_LIVE_ONE: Final = f"""
    SELECT membership_id FROM membership_list m
    WHERE person_id = %(person_id)s AND pass_id = %(pass_id)s AND {IS_LIVE} LIMIT 1
"""  # noqa: S608 - our own text
_DURING_A_BAN: Final = """
    SELECT order_id FROM membership_list JOIN ban_list USING (space_id, person_id)
    WHERE space_id = %(space_id)s AND person_id = %(person_id)s AND banned
      AND state <> 'refunded' AND payment_intent_id IS NOT NULL AND access_from > %(since)s
"""


class MembershipTables:
    """`membership_list`, and the bans beside it."""

    def live_membership(self, person_id: UUID, pass_id: UUID, at: datetime) -> UUID | None:
        """The person's live membership of the pass."""
        row = execute(_LIVE_ONE, {"person_id": person_id, "pass_id": pass_id, "at": at}).fetchone()
        return None if row is None else row["membership_id"]

    def bought_during_a_ban(
        self, space_id: UUID, person_id: UUID, since: datetime
    ) -> Sequence[UUID]:
        """Orders that were paid after a ban that still applies."""
        rows = execute(
            _DURING_A_BAN, {"space_id": space_id, "person_id": person_id, "since": since}
        )
        return [row["order_id"] for row in rows]
