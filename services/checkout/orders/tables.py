"""What is read while somebody decides on an order, in the open unit of work."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.checkout.memberships.tables import IS_LIVE
from services.checkout.orders.eligibility import Eligibility
from services.checkout.orders.quote import Quote
from services.checkout.payments.provider import ProviderPayment
from services.checkout.sql import execute
from services.checkout.stock.inventory import PassNotFound

ELIGIBILITY_COLUMNS: Final = f"""
    p.version_id, p.version_number, p.space_id, p.space_slug, p.space_name, p.pass_slug,
    p.pass_name, p.experience_ids, p.terms AS frozen_terms, p.archived,
    EXISTS (SELECT 1 FROM team_list t WHERE t.space_id = p.space_id
            AND t.person_id = %(person_id)s AND t.role IS NOT NULL) AS on_team,
    EXISTS (SELECT 1 FROM ban_list b WHERE b.space_id = p.space_id
            AND b.person_id = %(person_id)s AND b.banned) AS banned,
    (SELECT o.order_id FROM order_list o WHERE o.person_id = %(person_id)s
     AND o.pass_id = p.pass_id AND o.status = 'open') AS open_order_id,
    (SELECT m.order_id FROM membership_list m WHERE m.person_id = %(person_id)s
     AND m.pass_id = p.pass_id AND {IS_LIVE} LIMIT 1) AS owned_order_id
"""  # noqa: S608 - our own text
"""How a person stands to a pass of `pass_sale p`, at an instant: what `eligibility_of` reads."""


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
    """What is known of passes and people when somebody wants to buy."""

    def eligibility(self, pass_id: UUID, person_id: UUID, at: datetime) -> Eligibility:
        """How the person stands to the pass. Raises PassNotFound."""
        found = execute(
            _ELIGIBILITY, {"pass_id": pass_id, "person_id": person_id, "at": at}
        ).fetchone()
        if found is None:
            raise PassNotFound(pass_id)
        return eligibility_of(pass_id, found)

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
