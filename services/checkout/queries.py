"""Reads of the checkout's tables as small frozen models."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from libs.runtime.views import Row, ViewCursor
from services.checkout.domain import (
    OrderNotFound,
    OrderStatus,
    PassNotFound,
    PaymentRequest,
    SaleState,
    sale_state,
)
from services.checkout.rows import STANDING_COLUMNS, standing_of

_NOBODY: Final = UUID(int=0)


class NotOnTeam(Exception):
    """The person does not work in the space."""


class RoleNotAllowed(Exception):
    """The person works in the space, but not at this."""


class SpaceNotFound(Exception):
    """The catalog has not told of such a space."""


class Right(StrEnum):
    """What a member of a team may do with orders and money."""

    SEE = "see"
    REFUND = "refund"


_MAY: Final = {
    Right.SEE: {"owner", "admin", "support", "analyst"},
    Right.REFUND: {"owner", "admin", "support"},
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class PaymentForm(_Frozen):
    """What the buyer's browser needs to pay."""

    client_secret: str
    publishable_key: str


class OrderState(_Frozen):
    """An order as its buyer sees it; money in minor units.

    `payment_pending`: something is due and the provider has not yet said under which secret it can
    be paid; ask again in a moment. `failure_code` is that of the last refused charge.
    """

    order_id: UUID
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
    granted_from: AwareDatetime | None
    granted_until: AwareDatetime | None
    failure_code: str | None
    payment: PaymentForm | None = None
    payment_pending: bool = False


class Sale(_Frozen):
    """How a pass stands to who looks at it; `left` None is no limit."""

    state: SaleState
    left: int | None
    order_id: UUID | None = None


class SpacePurchase(_Frozen):
    """One purchase as the team sees it: by whom (an id), of what, for how much."""

    order_id: UUID
    person_id: UUID
    pass_id: UUID
    pass_name: str
    version_number: int
    status: OrderStatus
    total_minor: int
    refunded_minor: int
    currency: str
    currency_exponent: int
    bought_at: AwareDatetime
    granted_until: AwareDatetime | None


class CurrencyNumbers(_Frozen):
    """What was sold in one currency; currencies are never summed. net = gross - refunds."""

    currency: str
    currency_exponent: int
    purchases: int
    gross_minor: int
    refunds_minor: int
    net_minor: int


class PassNumbers(_Frozen):
    """The stock of one pass; `left` None is no limit."""

    pass_id: UUID
    pass_name: str
    held: int
    sold: int
    left: int | None


class SpaceNumbers(_Frozen):
    """The money and the stock of a space."""

    currencies: tuple[CurrencyNumbers, ...]
    passes: tuple[PassNumbers, ...]


@dataclass(frozen=True, slots=True)
class AskedPayment:
    """A payment that an order has asked for, as far as we know it."""

    order_id: UUID
    person_id: UUID
    status: str
    extensions: int
    attempt: int
    state: str
    idempotency_key: str
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
        """What the provider is asked for, the same at every time of asking."""
        return PaymentRequest(
            order_id=self.order_id,
            person_id=self.person_id,
            attempt=self.attempt,
            idempotency_key=self.idempotency_key,
            amount_minor=self.amount_minor,
            currency=self.currency,
            description=f"{self.space_name}: {self.pass_name}",
        )


_ORDER: Final = """
    SELECT o.*, s.client_secret FROM order_list o
    LEFT JOIN payment_list p ON p.order_id = o.order_id AND p.state IN ('created', 'failed')
    LEFT JOIN payment_secrets s ON s.payment_intent_id = p.payment_intent_id
"""


def get_order(
    curs: ViewCursor, order_id: UUID, person_id: UUID, publishable_key: str
) -> OrderState:
    """An order of this person. Raises OrderNotFound, for those of others too."""
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
        "SELECT *, NULL AS client_secret FROM order_list"
        " WHERE person_id = %s AND status <> 'expired' ORDER BY opened_at DESC LIMIT %s",
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


def has_order(curs: ViewCursor, order_id: UUID) -> bool:
    """Whether it is one of ours."""
    row = curs.execute("SELECT 1 FROM order_list WHERE order_id = %s", (order_id,)).fetchone()
    return row is not None


_SALE: Final = f"""
    SELECT {STANDING_COLUMNS}, s.capacity - s.held - s.sold AS free
    FROM pass_sale p LEFT JOIN stock s USING (pass_id)
    WHERE p.pass_id = %(pass_id)s AND p.version_id IS NOT NULL
"""  # noqa: S608 - our own text


def get_sale(curs: ViewCursor, pass_id: UUID, person_id: UUID | None, at: datetime) -> Sale:
    """Whether the pass can be bought, and how many are left. Raises PassNotFound."""
    row = curs.execute(
        _SALE,
        {"pass_id": pass_id, "person_id": person_id or _NOBODY, "at": at},
        prepare=True,
    ).fetchone()
    if row is None:
        raise PassNotFound(pass_id)
    standing = standing_of(pass_id, row)
    state = sale_state(standing, at)
    left = row["free"]
    if state is SaleState.ON_SALE and left is not None and left <= 0:
        state = SaleState.SOLD_OUT
    return Sale(state=state, left=left, order_id=standing.owned_order_id or standing.open_order_id)


def require_right(curs: ViewCursor, space_id: UUID, person_id: UUID, right: Right) -> None:
    """Raises SpaceNotFound, NotOnTeam, RoleNotAllowed."""
    team = curs.execute(
        "SELECT person_id, role FROM team_list WHERE space_id = %s", (space_id,), prepare=True
    ).fetchall()
    if not team:
        raise SpaceNotFound(space_id)
    role = next((row["role"] for row in team if row["person_id"] == person_id), None)
    if role is None:
        raise NotOnTeam(person_id)
    if role not in _MAY[right]:
        raise RoleNotAllowed(role)


def list_purchases(
    curs: ViewCursor, space_id: UUID, *, limit: int, before: datetime | None
) -> list[SpacePurchase]:
    """What was bought in a space, the newest first; page on by the last `bought_at`."""
    rows = curs.execute(
        """
        SELECT *, granted_from AS bought_at FROM order_list
        WHERE space_id = %(space)s AND status IN ('fulfilled', 'refunded')
          AND (%(before)s::timestamptz IS NULL OR granted_from < %(before)s)
        ORDER BY granted_from DESC, order_id LIMIT %(limit)s
        """,
        {"space": space_id, "before": before, "limit": limit},
    )
    return [SpacePurchase.model_validate(row) for row in rows]


def get_numbers(curs: ViewCursor, space_id: UUID) -> SpaceNumbers:
    """Gross, refunds and net per currency, and the stock of each pass."""
    money = curs.execute(
        """
        SELECT currency, currency_exponent, count(*) AS purchases,
               sum(total_minor)::bigint AS gross_minor,
               sum(refunded_minor)::bigint AS refunds_minor,
               sum(total_minor - refunded_minor)::bigint AS net_minor
        FROM order_list WHERE space_id = %s AND status IN ('fulfilled', 'refunded')
        GROUP BY currency, currency_exponent ORDER BY currency
        """,
        (space_id,),
    ).fetchall()
    seats = curs.execute(
        """
        SELECT p.pass_id, p.pass_name, count(*) FILTER (WHERE l.state = 'held') AS held,
               count(*) FILTER (WHERE l.state = 'sold') AS sold,
               (SELECT s.capacity - s.held - s.sold FROM stock s
                WHERE s.pass_id = p.pass_id) AS left
        FROM pass_sale p LEFT JOIN seat_list l USING (pass_id)
        WHERE p.space_id = %s AND p.version_id IS NOT NULL
        GROUP BY p.pass_id, p.pass_name ORDER BY p.pass_name, p.pass_id
        """,
        (space_id,),
    ).fetchall()
    return SpaceNumbers(
        currencies=tuple(CurrencyNumbers.model_validate(row) for row in money),
        passes=tuple(PassNumbers.model_validate(row) for row in seats),
    )


_ASKED: Final = """
    SELECT p.order_id, o.person_id, o.status, o.extensions, p.attempt, p.state,
           coalesce(p.idempotency_key, '') AS idempotency_key,
           coalesce(p.amount_minor, o.total_minor) AS amount_minor,
           coalesce(p.currency, o.currency) AS currency, p.payment_intent_id,
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


def list_undecided_payments(curs: ViewCursor, order_id: UUID) -> list[AskedPayment]:
    """The payments of an order that may still be paid, as far as we know."""
    rows = curs.execute(
        f"{_ASKED} AND p.state IN ('requested', 'created', 'failed') ORDER BY p.attempt",
        (order_id,),
        prepare=True,
    )
    return [AskedPayment(**row) for row in rows]


def list_payments(curs: ViewCursor, order_id: UUID) -> list[AskedPayment]:
    """Every payment that an order has at the provider."""
    rows = curs.execute(
        f"{_ASKED} AND p.payment_intent_id IS NOT NULL ORDER BY p.attempt", (order_id,)
    )
    return [AskedPayment(**row) for row in rows]
