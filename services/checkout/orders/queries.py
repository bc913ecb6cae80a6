"""How an order stands, for its buyer."""

from typing import Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from libs.runtime.views.view import Row, ViewCursor
from services.checkout.orders.states import OrderStatus
from services.checkout.orders.use_cases import CLOSE_ORDER
from services.checkout.payments.charge import OrderNotFound
from services.checkout.payments.provider.protocol import PaymentStatus
from services.checkout.payments.queue.queue import QueuePosition


class Frozen(BaseModel):
    """A row of a query."""

    model_config = ConfigDict(frozen=True)


class PaymentForm(Frozen):
    """What the buyer's browser needs to pay."""

    client_secret: str
    publishable_key: str


class OrderState(Frozen):
    """An order as its buyer sees it; money in minor units.

    `payment_pending`: something is due, and the provider has not made the payment yet; ask again in
    a moment. `waiting`: the place in the queue for that; the queue moves on whether or not anybody
    asks. `failure_code`: of the last refused charge. `at_provider`: the payment's status when the
    provider was asked just now; None if it wasn't asked or gave no answer. `unsettled`: the order
    is over, but a payment of it may still be captured or is being returned; nobody should pay again
    before that is certain. `return_cause`: why a captured payment was returned: sold_out,
    second_charge, too_late (the pass was over), banned, provider (another amount).
    """

    order_id: UUID
    membership_id: UUID | None
    version: int
    status: OrderStatus
    space_id: UUID
    space_slug: str
    space_name: str
    pass_id: UUID
    pass_version_id: UUID
    pass_slug: str
    pass_name: str
    redirect_url: str | None
    pricing_type: str
    total_minor: int
    refunded_minor: int
    currency: str
    currency_exponent: int
    opened_at: AwareDatetime
    held_until: AwareDatetime
    access_from: AwareDatetime | None
    access_until: AwareDatetime | None
    failure_code: str | None
    payment: PaymentForm | None = None
    payment_pending: bool = False
    waiting: QueuePosition | None = None
    at_provider: PaymentStatus | None = None
    unsettled: bool = False
    return_cause: str | None = None


_OF_ORDER: Final = (
    "order_id version person_id space_id pass_id pass_version_id version_number space_slug"
    " space_name pass_slug pass_name redirect_url pricing_type total_minor currency"
    " currency_exponent opened_at held_until extensions failure_code"
)
PURCHASE_COLUMNS: Final = f"""
    {", ".join(f"o.{column}" for column in _OF_ORDER.split())},
    CASE WHEN m.state = 'refunded' THEN 'refunded' ELSE o.status END AS status,
    m.membership_id, m.access_from, m.access_until, coalesce(b.refunded_minor, 0) AS refunded_minor,
    b.refund_failure
"""
PURCHASE_TABLES: Final = """
    order_list o LEFT JOIN membership_list m USING (order_id)
    LEFT JOIN payment_list b ON b.payment_intent_id = m.payment_intent_id
"""
"""An order with what it started and the payment that bought it: `refunded` is a state of the
membership."""

# A payment that was requested without an answer is looked for while the order's end is scheduled.
_ORDER: Final = f"""
    SELECT {PURCHASE_COLUMNS}, s.client_secret,
        o.status IN ('expired', 'returned') AND EXISTS (
            SELECT FROM payment_list u WHERE u.order_id = o.order_id
            AND u.state NOT IN ('cancelled', 'impossible', 'returned')
            AND (u.state <> 'requested' OR EXISTS (
                SELECT FROM schedule WHERE kind = '{CLOSE_ORDER}' AND key = o.order_id::text))
        ) AS unsettled,
        (SELECT r.return_cause FROM payment_list r
            WHERE r.order_id = o.order_id AND r.return_cause IS NOT NULL
            ORDER BY r.attempt DESC LIMIT 1) AS return_cause
    FROM {PURCHASE_TABLES}
    LEFT JOIN payment_list p ON p.order_id = o.order_id AND p.state IN ('created', 'failed')
    LEFT JOIN payment_secrets s ON s.payment_intent_id = p.payment_intent_id
"""  # noqa: S608 - our own text


def get_order(
    curs: ViewCursor, order_id: UUID, person_id: UUID, publishable_key: str
) -> OrderState:
    """An order of this person. Raises OrderNotFound, also for the orders of others."""
    row = curs.execute(
        f"{_ORDER} WHERE o.order_id = %s AND o.person_id = %s ORDER BY p.attempt DESC LIMIT 1",
        (order_id, person_id),
        prepare=True,
    ).fetchone()
    if row is None:
        raise OrderNotFound(order_id)
    return _order(row, publishable_key)


def list_orders_of(curs: ViewCursor, person_id: UUID, limit: int) -> list[OrderState]:
    """The person's orders that are more than an unpaid attempt, the newest first."""
    rows = curs.execute(
        f"SELECT {PURCHASE_COLUMNS}, NULL AS client_secret FROM {PURCHASE_TABLES}"  # noqa: S608
        " WHERE o.person_id = %s AND o.status <> 'expired' ORDER BY o.opened_at DESC LIMIT %s",
        (person_id, limit),
    )
    return [_order(row, "") for row in rows]


def _order(row: Row, publishable_key: str) -> OrderState:
    payable = row["status"] == OrderStatus.OPEN and row["total_minor"] > 0
    secret = row["client_secret"] if payable else None
    form = None
    if secret is not None:
        form = PaymentForm(client_secret=secret, publishable_key=publishable_key)
    return OrderState(
        **{name: row[name] for name in OrderState.model_fields if name in row},
        payment=form,
        payment_pending=payable and form is None,
    )


def get_space_of_order(curs: ViewCursor, order_id: UUID) -> tuple[UUID, UUID]:
    """The space and the buyer of an order. Raises OrderNotFound."""
    row = curs.execute(
        "SELECT space_id, person_id FROM order_list WHERE order_id = %s", (order_id,)
    ).fetchone()
    if row is None:
        raise OrderNotFound(order_id)
    return row["space_id"], row["person_id"]


def was_payable(curs: ViewCursor, order_id: UUID) -> bool:
    """Whether the provider ever made a payment for it."""
    row = curs.execute(
        "SELECT 1 FROM payment_list WHERE order_id = %s AND payment_intent_id IS NOT NULL",
        (order_id,),
    ).fetchone()
    return row is not None
