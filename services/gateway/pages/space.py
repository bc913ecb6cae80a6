"""A space and its passes: `/{space}` and `/{space}/{pass}`. They work signed out."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Response

from services.gateway.clients import ServiceRefused
from services.gateway.offer import left_note, offer_of
from services.gateway.visit import Visit, Visiting

router = APIRouter(include_in_schema=False)

_NOT_FOUND: Final = 404


@router.get("/{space}")
async def show_space(space: str, visit: Visiting) -> Response:
    """What the space is, what happens there, and what is sold."""
    shown = await visit.ask.get("catalog", f"/spaces/{space}")
    offers = [
        (each, offer_of(visit, each["terms"], shown["time_zone"]))
        for each in shown["passes"]
        if each["status"] == "published"
    ]
    return visit.show("space.html", space=shown, offers=offers)


@router.get("/{space}/{pass_}")
async def show_pass(space: str, pass_: str, visit: Visiting) -> Response:
    """What the pass is, and how to get it."""
    return await pass_page(visit, space, pass_)


async def pass_page(
    visit: Visit, space: str, pass_: str, *, status: int = 200, problem: str | None = None
) -> Response:
    """The page of a pass, with a sentence on top when something was refused."""
    shown, sold = await asyncio.gather(
        visit.ask.get("catalog", f"/spaces/{space}"),
        visit.ask.get("catalog", f"/spaces/{space}/passes/{pass_}"),
    )
    sale = await _sale_of(visit, sold)
    return visit.show(
        "pass.html",
        status=status,
        space=shown,
        sold=sold,
        offer=offer_of(visit, sold["terms"], shown["time_zone"]),
        sale=sale,
        left=left_note(visit, sale["left"]),
        problem=problem,
    )


async def _sale_of(visit: Visit, sold: Mapping[str, Any]) -> dict[str, Any]:
    """How the pass stands to this person; what checkout has not heard of yet, nobody can buy."""
    if sold["status"] == "draft":
        return {"state": "draft", "left": None, "order_id": None}
    try:
        sale: dict[str, Any] = await visit.ask.get("checkout", f"/passes/{sold['pass_id']}/sale")
    except ServiceRefused as refused:
        if refused.status != _NOT_FOUND:
            raise
        return {"state": "soon", "left": None, "order_id": None}
    return sale
