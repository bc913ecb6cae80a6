"""Whether a pass can be bought, and how many are left."""

from datetime import datetime
from typing import Final
from uuid import UUID

from libs.runtime.views.view import ViewCursor
from services.checkout.domain import PassNotFound, SaleState, sale_state
from services.checkout.queries.frozen import Frozen
from services.checkout.rows import STANDING_COLUMNS, standing_of

_NOBODY: Final = UUID(int=0)


class Sale(Frozen):
    """How a pass stands to who looks at it; `left` None is no limit."""

    state: SaleState
    left: int | None
    order_id: UUID | None = None


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
