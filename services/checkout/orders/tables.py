"""What is read and locked while somebody decides on an order, in the open unit of work."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.checkout.orders.eligibility import Eligibility
from services.checkout.orders.quote import Quote
from services.checkout.payments.provider import ProviderPayment
from services.checkout.sql import execute
from services.checkout.stock.inventory import PassNotFound

ELIGIBILITY_COLUMNS: Final = """
    p.version_id, p.version_number, p.space_id, p.space_slug, p.space_name, p.pass_slug,
    p.pass_name, p.experience_ids, p.terms AS frozen_terms, p.archived,
    EXISTS (SELECT 1 FROM team_list t WHERE t.space_id = p.space_id
            AND t.person_id = %(person_id)s AND t.role IS NOT NULL) AS on_team,
    EXISTS (SELECT 1 FROM ban_list b WHERE b.space_id = p.space_id
            AND b.person_id = %(person_id)s AND b.banned) AS banned,
    (SELECT o.order_id FROM order_list o WHERE o.person_id = %(person_id)s
     AND o.pass_id = p.pass_id AND o.status = 'open') AS open_order_id,
    (SELECT o.order_id FROM order_list o WHERE o.person_id = %(person_id)s
     AND o.pass_id = p.pass_id AND o.status = 'fulfilled'
     AND (o.access_until IS NULL OR o.access_until > %(at)s)
     AND (p.experience_ids = '{}' OR NOT p.experience_ids <@ ARRAY(
         SELECT r.experience_id FROM removal_list r WHERE r.order_id = o.order_id))
     LIMIT 1) AS owned_order_id
"""
"""How a person stands to a pass of `pass_sale p`, at an instant: what `standing_of` reads."""


def eligibility_of(pass_id: UUID, row: Mapping[str, Any]) -> Eligibility:
    """The row of a pass and a person as the domain judges it."""
    names = (
        "version_id",
        "version_number",
        "space_id",
        "space_slug",
        "space_name",
        "pass_slug",
        "pass_name",
        "frozen_terms",
    )
    return Eligibility(
        quote=Quote(
            pass_id=pass_id,
            experience_ids=tuple(row["experience_ids"]),
            **{name: row[name] for name in names},
        ),
        archived=row["archived"],
        on_team=row["on_team"],
        banned=row["banned"],
        open_order_id=row["open_order_id"],
        owned_order_id=row["owned_order_id"],
    )


_ELIGIBILITY: Final = f"""
    SELECT {ELIGIBILITY_COLUMNS} FROM pass_sale p
    WHERE p.pass_id = %(pass_id)s AND p.version_id IS NOT NULL
"""  # noqa: S608 - our own text


class CheckoutTables:
    """What is known of passes and people when somebody wants to buy, and the locks of deciding."""

    def lock_buyer(self, person_id: UUID, pass_id: UUID) -> None:
        """Until the transaction ends."""
        execute(
            "SELECT pg_advisory_xact_lock(2, hashtext(%(key)s))", {"key": f"{person_id}/{pass_id}"}
        )

    def lock_order(self, order_id: UUID) -> None:
        """Until the transaction ends."""
        execute("SELECT pg_advisory_xact_lock(3, hashtext(%(key)s))", {"key": str(order_id)})

    def lock_buyers(self, person_ids: Sequence[UUID], pass_id: UUID) -> None:
        """The locks of a batch, always in the same order, so that two batches can't block."""
        keys = sorted(f"{person_id}/{pass_id}" for person_id in set(person_ids))
        execute(
            "SELECT pg_advisory_xact_lock(2, hashtext(key))"
            " FROM unnest(%(keys)s::text[]) WITH ORDINALITY AS k(key, n) ORDER BY n",
            {"keys": keys},
        )

    def eligibility(self, pass_id: UUID, person_id: UUID, at: datetime) -> Eligibility:
        """How the person stands to the pass. Raises PassNotFound."""
        found = execute(
            _ELIGIBILITY, {"pass_id": pass_id, "person_id": person_id, "at": at}
        ).fetchone()
        if found is None:
            raise PassNotFound(pass_id)
        return eligibility_of(pass_id, found)

    def bought_during_a_ban(
        self, space_id: UUID, person_id: UUID, since: datetime
    ) -> Sequence[UUID]:
        """Orders that were paid after a ban fell which still stands."""
        rows = execute(
            """
            SELECT order_id FROM order_list
            JOIN ban_list USING (space_id, person_id)
            WHERE space_id = %(space_id)s AND person_id = %(person_id)s AND banned
              AND status = 'fulfilled' AND total_minor > 0 AND access_from > %(since)s
            """,
            {"space_id": space_id, "person_id": person_id, "since": since},
        )
        return [row["order_id"] for row in rows]

    def keep_secret(self, payment: ProviderPayment) -> None:
        """Keep what lets the buyer's browser pay, until the order is settled."""
        if payment.client_secret is not None:
            execute(
                "INSERT INTO payment_secrets VALUES (%(intent)s, %(order)s, %(secret)s)"
                " ON CONFLICT DO NOTHING",
                {
                    "intent": payment.payment_intent_id,
                    "order": payment.order_id,
                    "secret": payment.client_secret,
                },
            )

    def forget_secrets(self, order_id: UUID) -> None:
        """Nothing can be paid for the order any more."""
        execute("DELETE FROM payment_secrets WHERE order_id = %(order)s", {"order": order_id})
