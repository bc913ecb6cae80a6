"""The members of a space: their access and its reason; revoking access."""

import asyncio
from collections import defaultdict
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid5

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from libs.permissions import Permission, may
from libs.web.clients import ServiceRefused
from services.admin.pages.spaces import team_space
from services.admin.visit import Sent, Visit, Visiting

router = APIRouter(prefix="/admin/spaces/{slug}/members")

_PER_PAGE = 100


@router.get("")
async def show_members(visit: Visiting, slug: str, page: int = 1) -> HTMLResponse:
    """Show a row for each person who has or had access."""
    return await _show(visit, slug, max(1, min(page, 10_000)))


@router.post("/revoke")
async def revoke_access(visit: Visiting, slug: str, sent: Sent) -> Response:
    """Revoke every active grant of a person. This refunds nothing."""
    grant_ids = [grant_id for grant_id in map(_uuid, sent.texts("grant_id")) if grant_id]
    try:
        for grant_id in grant_ids:
            await visit.ask.send(
                "access",
                "POST",
                f"/grants/{grant_id}/revoke",
                uuid5(sent.key, str(grant_id)),
                {"cause": sent.text("cause") or "creator"},
            )
    except ServiceRefused as refused:
        if refused.code != "grant_not_active":
            return await _show(visit, slug, 1, refused)
    return visit.go(f"/admin/spaces/{slug}/members", "access-revoked")


async def _members(visit: Visit, space_id: str, offset: int) -> list[dict[str, Any]]:
    path = f"/spaces/{space_id}/members"
    try:
        members: list[dict[str, Any]] = await visit.ask.get(
            "access", path, limit=_PER_PAGE + 1, offset=offset
        )
    except ServiceRefused as refused:
        # Access does not know a space that was just created: it has no members yet.
        if refused.status != HTTPStatus.NOT_FOUND:
            raise
        return []
    return members


async def _purchases(visit: Visit, space_id: str) -> list[dict[str, Any]] | None:
    purchases: list[dict[str, Any]] | None
    purchases = await visit.ask.find("checkout", f"/spaces/{space_id}/purchases")
    return purchases


async def _none() -> None:
    """Return nothing: moderators do not see what members paid."""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def _show(
    visit: Visit, slug: str, page: int, refused: ServiceRefused | None = None
) -> HTMLResponse:
    space = await team_space(visit, slug, Permission.SEE_MEMBERS)
    space_id = space["space_id"]
    sees_purchases = may(space["role"], Permission.SEE_PURCHASES)
    members, purchases = await asyncio.gather(
        _members(visit, space_id, (page - 1) * _PER_PAGE),
        _purchases(visit, space_id) if sees_purchases else _none(),
    )
    bought: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for purchase in purchases or []:
        bought[purchase["person_id"]].append(purchase)

    def refund_failure(code: str) -> str:
        known = f"refund-failure-{code.replace('_', '-')}"
        return visit.texts.first(known, "refund-failure-unknown")

    return visit.show(
        "members.html",
        refund_failure=refund_failure,
        space=space,
        members=members[:_PER_PAGE],
        page=page,
        has_more=len(members) > _PER_PAGE,
        bought=bought,
        purchases_known=not sees_purchases or purchases is not None,
        names={each["experience_id"]: each["name"] for each in space["experiences"]},
        refused=refused,
    )
