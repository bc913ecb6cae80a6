"""Rows as what the domain makes of them."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from services.checkout.domain import Offer, Standing

STANDING_COLUMNS: Final = """
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
     AND (o.granted_until IS NULL OR o.granted_until > %(at)s) LIMIT 1) AS owned_order_id
"""
"""How a person stands to a pass of `pass_sale p`, at an instant: what `standing_of` reads."""


def standing_of(pass_id: UUID, row: Mapping[str, Any]) -> Standing:
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
    return Standing(
        offer=Offer(
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
