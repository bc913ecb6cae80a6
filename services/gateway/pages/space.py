"""A space and its passes: `/{space}` and `/{space}/{pass}`. They work signed out."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Response

from libs.web.clients import ServiceRefused
from services.gateway.offer import left_note, offer_of
from services.gateway.visit import Visit, Visiting

router = APIRouter(include_in_schema=False)

_NOT_FOUND: Final = 404


@router.get("/{space}")
async def show_space(space: str, visit: Visiting) -> Response:
    """Show the space with its experiences and passes."""
    shown = await visit.ask.get("catalog", f"/spaces/{space}")
    offers = [
        (each, offer_of(visit, each["terms"], shown["time_zone"]))
        for each in shown["passes"]
        if each["status"] == "published"
    ]
    return await visit.show("space.html", space=shown, offers=offers)


@router.get("/{space}/{pass_}")
async def show_pass(space: str, pass_: str, visit: Visiting) -> Response:
    """Show the pass and how to buy it."""
    return await pass_page(visit, space, pass_)


async def pass_page(
    visit: Visit, space: str, pass_: str, *, status: int = 200, problem: str | None = None
) -> Response:
    """Return the page of a pass, with the sentence of a refusal on top."""
    shown, sold = await asyncio.gather(
        visit.ask.get("catalog", f"/spaces/{space}"),
        visit.ask.get("catalog", f"/spaces/{space}/passes/{pass_}"),
    )
    sale = await _sale_of(visit, sold)
    admission = await _admission_of(visit, sold, sale)
    return await visit.show(
        "pass.html",
        status=status,
        space=shown,
        sold=sold,
        offer=offer_of(visit, sold["terms"], shown["time_zone"]),
        sale=sale | {"state": _state_for(sale, admission)},
        was_removed=admission["state"] == "removed",
        left=left_note(visit, sale["left"]),
        problem=problem,
    )


async def _sale_of(visit: Visit, sold: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the person may buy the pass; nobody can until checkout knows it."""
    if sold["status"] == "draft":
        return {"state": "draft", "left": None, "order_id": None}
    try:
        sale: dict[str, Any] = await visit.ask.get("checkout", f"/passes/{sold['pass_id']}/sale")
    except ServiceRefused as refused:
        if refused.status != _NOT_FOUND:
            raise
        return {"state": "soon", "left": None, "order_id": None}
    return sale


async def _admission_of(
    visit: Visit, sold: Mapping[str, Any], sale: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the person's admission to the space; if access is down, nobody is turned away."""
    unknown = {"state": "none", "removed_source_ids": []}
    if visit.signed_in is None or sale["state"] in {"draft", "own_space"}:
        return unknown
    path = f"/spaces/{sold['space_id']}/admission"
    admission: dict[str, Any] = await visit.ask.find("access", path, unknown)
    return admission


def _state_for(sale: Mapping[str, Any], admission: Mapping[str, Any]) -> str:
    """Return the state of the sale, unless the team banned the person or ended their access."""
    if admission["state"] == "banned":
        return "banned"
    if sale["state"] == "owned" and sale["membership_id"] in admission["removed_source_ids"]:
        return "removed"
    return str(sale["state"])
