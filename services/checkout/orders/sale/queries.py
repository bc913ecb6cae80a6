"""Whether a pass can be bought, and by whom."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from libs.runtime.views.view import ViewCursor
from services.checkout.memberships.membership import Membership
from services.checkout.memberships.tables import IS_LIVE
from services.checkout.orders.sale.eligibility import Eligibility, SaleState, sale_state
from services.checkout.orders.sale.quote import Quote
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
"""What `eligibility_of` reads: a pass of `pass_sale p` and a person, at an instant."""


def eligibility_of(pass_id: UUID, row: Mapping[str, Any]) -> Eligibility:
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


_NOBODY: Final = UUID(int=0)


class Sale(BaseModel):
    """Whether this person can buy a pass; `left` None is no limit.

    `membership_id`: the person's live membership of the pass.
    """

    model_config = ConfigDict(frozen=True)

    state: SaleState
    left: int | None
    order_id: UUID | None = None
    membership_id: UUID | None = None


_SALE: Final = f"""
    SELECT {ELIGIBILITY_COLUMNS}, s.capacity - s.held - s.sold AS free
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
    eligibility = eligibility_of(pass_id, row)
    state = sale_state(eligibility, at)
    left = row["free"]
    if state is SaleState.ON_SALE and left is not None and left <= 0:
        state = SaleState.SOLD_OUT
    owned = eligibility.owned_order_id
    return Sale(
        state=state,
        left=left,
        order_id=owned or eligibility.open_order_id,
        membership_id=Membership.create_id(owned) if owned else None,
    )
