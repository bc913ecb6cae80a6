"""The locks of deciding in PostgreSQL, each until the transaction ends."""

from collections.abc import Sequence
from uuid import UUID

from services.checkout.sql import execute


class AdvisoryLocks:
    """Advisory locks: whoever wants the same one waits."""

    def lock_buyer(self, person_id: UUID, pass_id: UUID) -> None:
        """Let nobody else decide on what this person has of this pass."""
        execute(
            "SELECT pg_advisory_xact_lock(2, hashtext(%(key)s))", {"key": f"{person_id}/{pass_id}"}
        )

    def lock_order(self, order_id: UUID) -> None:
        """Let nobody else decide on this order, its payments and its membership."""
        execute("SELECT pg_advisory_xact_lock(3, hashtext(%(key)s))", {"key": str(order_id)})


def lock_buyers(person_ids: Sequence[UUID], pass_id: UUID) -> None:
    """The locks of a batch, always in the same order, so that two batches can't block."""
    keys = sorted(f"{person_id}/{pass_id}" for person_id in set(person_ids))
    execute(
        "SELECT pg_advisory_xact_lock(2, hashtext(key))"
        " FROM unnest(%(keys)s::text[]) WITH ORDINALITY AS k(key, n) ORDER BY n",
        {"keys": keys},
    )
