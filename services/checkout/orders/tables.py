"""What orders read and keep beside their log, in the open unit of work."""

from datetime import datetime
from typing import Final
from uuid import UUID

from services.checkout.orders.sale.eligibility import Eligibility
from services.checkout.orders.sale.queries import ELIGIBILITY_COLUMNS, eligibility_of
from services.checkout.payments.provider.protocol import ProviderPayment
from services.checkout.sql import execute
from services.checkout.stock.inventory import PassNotFound

_ELIGIBILITY: Final = f"""
    SELECT {ELIGIBILITY_COLUMNS} FROM pass_sale p
    WHERE p.pass_id = %(pass_id)s AND p.version_id IS NOT NULL
"""  # noqa: S608 - our own text


class CheckoutTables:
    """What a purchase reads, and the client secrets of payments."""

    def eligibility(self, pass_id: UUID, person_id: UUID, at: datetime) -> Eligibility:
        """Whether the person may buy the pass. Raises PassNotFound."""
        found = execute(
            _ELIGIBILITY, {"pass_id": pass_id, "person_id": person_id, "at": at}
        ).fetchone()
        if found is None:
            raise PassNotFound(pass_id)
        return eligibility_of(pass_id, found)

    def keep_secret(self, payment: ProviderPayment) -> None:
        """Keep the client secret until the order is settled."""
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
        """Delete the order's client secrets."""
        execute("DELETE FROM payment_secrets WHERE order_id = %(order)s", {"order": order_id})
