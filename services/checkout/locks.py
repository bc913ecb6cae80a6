"""Advisory locks of PostgreSQL, each held until the transaction ends."""

from collections.abc import Sequence
from uuid import UUID

from services.checkout.sql import execute


class AdvisoryLocks:
    """Serializes the decisions about one buyer or one order."""

    def lock_buyer(self, person_id: UUID, pass_id: UUID) -> None:
        """Lock what this person has of this pass."""
        execute(
            "SELECT pg_advisory_xact_lock(2, hashtext(%(key)s))", {"key": f"{person_id}/{pass_id}"}
        )

    def lock_order(self, order_id: UUID) -> None:
        """Lock this order, its payments and its membership."""
        execute("SELECT pg_advisory_xact_lock(3, hashtext(%(key)s))", {"key": str(order_id)})


def lock_buyers(person_ids: Sequence[UUID], pass_id: UUID) -> None:
    """Lock the buyers of a batch in one fixed order, so that two batches can't deadlock."""
    keys = sorted(f"{person_id}/{pass_id}" for person_id in set(person_ids))
    execute(
        "SELECT pg_advisory_xact_lock(2, hashtext(key))"
        " FROM unnest(%(keys)s::text[]) WITH ORDINALITY AS k(key, n) ORDER BY n",
        {"keys": keys},
    )
