"""Orders by the log, for `backstage verify`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from services.checkout.memberships.membership import Membership

_KNOWN: Final = """
    SELECT FROM events WHERE originator_id = %s AND topic = 'checkout.order.opened'
"""
_NEVER_ENDED: Final = """
    SELECT order_id, held_until FROM order_list WHERE status = 'open' AND held_until < %s
"""
_OPEN: Final = "SELECT order_id FROM order_list WHERE status = 'open'"


def is_known(checkout: Connection[DictRow], order_id: UUID) -> bool:
    return checkout.execute(_KNOWN, (order_id,)).fetchone() is not None


def list_never_ended(checkout: Connection[DictRow], before: datetime) -> Sequence[DictRow]:
    """Open orders whose hold ended before then."""
    return checkout.execute(_NEVER_ENDED, (before,)).fetchall()


def find_open_order(checkout: Connection[DictRow], membership_id: UUID) -> UUID | None:
    """The open order that would start this membership once it is paid."""
    orders = (row["order_id"] for row in checkout.execute(_OPEN))
    return next((each for each in orders if Membership.create_id(each) == membership_id), None)
