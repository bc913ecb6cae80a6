"""What the team of a space may see: purchases, money and stock."""

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime

from libs.permissions import Permission, may
from libs.runtime.views.view import ViewCursor
from services.checkout.orders.queries import PURCHASE_COLUMNS, PURCHASE_TABLES, Frozen
from services.checkout.orders.states import OrderStatus


class NotOnTeam(Exception):
    """The person does not work in the space."""


class RoleNotAllowed(Exception):
    """The person's role lacks the permission."""


class SpaceNotFound(Exception):
    """The catalog has published no such space."""


class SpacePurchase(Frozen):
    """One purchase as the team sees it.

    `refund_failure`: the provider's code, when the last requested refund failed.
    """

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
    access_until: AwareDatetime | None
    refund_failure: str | None = None


class CurrencyNumbers(Frozen):
    """Sales in one currency; currencies are never summed. net = gross - refunds."""

    currency: str
    currency_exponent: int
    purchases: int
    gross_minor: int
    refunds_minor: int
    net_minor: int


class PassNumbers(Frozen):
    """The stock of one pass; `left` None is no limit."""

    pass_id: UUID
    pass_name: str
    held: int
    sold: int
    left: int | None


class SpaceNumbers(Frozen):
    """The money and the stock of a space."""

    currencies: tuple[CurrencyNumbers, ...]
    passes: tuple[PassNumbers, ...]


def require(curs: ViewCursor, space_id: UUID, person_id: UUID, permission: Permission) -> None:
    """Raises SpaceNotFound, NotOnTeam, RoleNotAllowed."""
    team = curs.execute(
        "SELECT person_id, role FROM team_list WHERE space_id = %s", (space_id,), prepare=True
    ).fetchall()
    if not team:
        raise SpaceNotFound(space_id)
    role = next((row["role"] for row in team if row["person_id"] == person_id), None)
    if role is None:
        raise NotOnTeam(person_id)
    if not may(role, permission):
        raise RoleNotAllowed(role)


def list_purchases(
    curs: ViewCursor, space_id: UUID, *, limit: int, before: datetime | None
) -> list[SpacePurchase]:
    """The purchases of a space, the newest first; `before` takes the last `bought_at`."""
    rows = curs.execute(
        f"""
        SELECT {PURCHASE_COLUMNS}, m.access_from AS bought_at FROM {PURCHASE_TABLES}
        WHERE m.space_id = %(space)s
          AND (%(before)s::timestamptz IS NULL OR m.access_from < %(before)s)
        ORDER BY m.access_from DESC, m.order_id LIMIT %(limit)s
        """,  # noqa: S608 - our own text
        {"space": space_id, "before": before, "limit": limit},
    )
    return [SpacePurchase.model_validate(row) for row in rows]


def get_numbers(curs: ViewCursor, space_id: UUID) -> SpaceNumbers:
    """Gross, refunds and net per currency, and the stock of each pass."""
    money = curs.execute(
        f"""
        SELECT currency, currency_exponent, count(*) AS purchases,
               sum(total_minor)::bigint AS gross_minor,
               sum(refunded_minor)::bigint AS refunds_minor,
               sum(total_minor - refunded_minor)::bigint AS net_minor
        FROM (SELECT {PURCHASE_COLUMNS} FROM {PURCHASE_TABLES} WHERE m.space_id = %s) AS bought
        GROUP BY currency, currency_exponent ORDER BY currency
        """,  # noqa: S608 - our own text
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
