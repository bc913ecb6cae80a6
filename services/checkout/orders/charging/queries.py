"""The payments that orders have asked for."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from libs.runtime.views.view import ViewCursor
from services.checkout.payments.provider.protocol import PaymentRequest, ProviderPayment


@dataclass(frozen=True, slots=True)
class AskedPayment:
    """A payment that an order has requested, as our views have it."""

    order_id: UUID
    person_id: UUID
    status: str
    extensions: int
    attempt: int
    state: str
    amount_minor: int
    currency: str
    payment_intent_id: str | None
    has_secret: bool
    space_name: str
    pass_name: str

    @property
    def is_over(self) -> bool:
        """Whether nothing can be paid with it any more."""
        return self.state in {"cancelled", "impossible"}

    def to_request(self) -> PaymentRequest:
        """The request to the provider, the same each time."""
        return PaymentRequest(
            order_id=self.order_id,
            person_id=self.person_id,
            attempt=self.attempt,
            idempotency_key=f"order:{self.order_id}:{self.attempt}",
            amount_minor=self.amount_minor,
            currency=self.currency,
            description=f"{self.space_name}: {self.pass_name}",
        )


_ASKED: Final = """
    SELECT p.order_id, o.person_id, o.status, o.extensions, p.attempt, p.state,
           p.amount_minor, p.currency, p.payment_intent_id,
           s.client_secret IS NOT NULL AS has_secret, o.space_name, o.pass_name
    FROM payment_list p JOIN order_list o USING (order_id)
    LEFT JOIN payment_secrets s ON s.payment_intent_id = p.payment_intent_id
    WHERE p.order_id = %s
"""


def get_asked_payment(curs: ViewCursor, order_id: UUID) -> AskedPayment | None:
    """The newest payment of an open order; None when nothing is to be paid."""
    row = curs.execute(
        f"{_ASKED} AND o.status = 'open' ORDER BY p.attempt DESC LIMIT 1", (order_id,), prepare=True
    ).fetchone()
    return None if row is None else AskedPayment(**row)


def find_order_of(curs: ViewCursor, payment: ProviderPayment) -> UUID | None:
    """The order that requested this payment, else the one it names; None if unknown."""
    row = curs.execute(
        "SELECT coalesce((SELECT order_id FROM payment_list WHERE payment_intent_id = %s),"
        " (SELECT order_id FROM order_list WHERE order_id = %s)) AS order_id",
        (payment.payment_intent_id, payment.order_id),
        prepare=True,
    ).fetchone()
    return row["order_id"] if row else None


def list_undecided_payments(curs: ViewCursor, order_id: UUID) -> list[AskedPayment]:
    """The payments of an order that may still be paid."""
    rows = curs.execute(
        f"{_ASKED} AND p.state IN ('requested', 'created', 'failed') ORDER BY p.attempt",
        (order_id,),
        prepare=True,
    )
    return [AskedPayment(**row) for row in rows]
