"""Memberships by the log, for `backstage verify`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from services.checkout.memberships.membership import Membership

_SAID: Final = "convert_from(state, 'UTF8')::jsonb"
_STARTED_BY: Final = f"""
    SELECT count(*) AS times FROM events
    WHERE originator_id = %s AND topic = 'checkout.membership.started'
      AND {_SAID} ->> 'payment_intent_id' = %s
"""  # noqa: S608 - our own text
_STARTED: Final = f"""
    SELECT {_SAID} ->> 'payment_intent_id' AS payment_intent_id,
           ({_SAID} -> 'order_id' ->> '_data_')::uuid AS order_id
    FROM events WHERE topic = 'checkout.membership.started' AND recorded_at >= %(since)s
     AND (xact, notification_id) > (%(xact)s, %(id)s)
     AND (xact, notification_id) <= (%(end_xact)s, %(end_id)s)
"""  # noqa: S608 - our own text
_KNOWN: Final = """
    SELECT FROM events WHERE originator_id = %s AND topic = 'checkout.membership.started'
"""
_OWNED_TWICE: Final = """
    SELECT one.membership_id, other.order_id AS other_order_id
    FROM membership_list one JOIN membership_list other
      ON (other.person_id, other.pass_id) = (one.person_id, one.pass_id)
     AND other.membership_id <> one.membership_id
     AND other.state = 'active' AND one.state = 'active'
     AND (other.access_until IS NULL OR other.access_until > one.access_from)
     AND (one.access_until IS NULL OR one.access_until > other.access_from)
    WHERE one.membership_id = ANY(%s)
"""


def is_known(checkout: Connection[DictRow], membership_id: UUID) -> bool:
    return checkout.execute(_KNOWN, (membership_id,)).fetchone() is not None


def count_started(checkout: Connection[DictRow], order_id: UUID, payment_intent_id: str) -> int:
    """How often the log says that this payment of the order started its membership."""
    row = checkout.execute(
        _STARTED_BY, (Membership.create_id(order_id), payment_intent_id)
    ).fetchone()
    return 0 if row is None else row["times"]


def list_started(checkout: Connection[DictRow], **bounds: Any) -> Sequence[DictRow]:
    """Orders whose memberships started `since` then, each with its payment; between two log
    positions.
    """
    return checkout.execute(_STARTED, bounds).fetchall()


def list_owned_twice(
    checkout: Connection[DictRow], membership_ids: Sequence[UUID]
) -> Mapping[UUID, UUID]:
    """Those whose person owns the pass by another live membership too, with its order."""
    rows = checkout.execute(_OWNED_TWICE, (list(membership_ids),))
    return {row["membership_id"]: row["other_order_id"] for row in rows}
