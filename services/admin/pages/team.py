"""The team of a space and its roles."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from libs.web.clients import ServiceRefused
from services.admin.pages.spaces import team_space
from services.admin.visit import Sent, Visit, Visiting

router = APIRouter(prefix="/admin/spaces/{slug}/team")

ROLES: Final = ("admin", "collaborator", "moderator", "support", "analyst")


@router.get("")
async def show_team(visit: Visiting, slug: str) -> HTMLResponse:
    """Show the team."""
    return await _show(visit, slug)


@router.post("/add")
async def add_to_team(visit: Visiting, slug: str, sent: Sent) -> Response:
    """Add a creator to the team by their username."""
    body = {
        "username": sent.text("username").strip().removeprefix("@").lower(),
        "role": sent.text("role"),
    }
    try:
        await visit.ask.send("catalog", "POST", f"/spaces/{slug}/team", sent.key, body)
    except ServiceRefused as refused:
        return await _show(visit, slug, refused, sent.typed())
    return visit.go(f"/admin/spaces/{slug}/team", "team-changed")


@router.post("/remove")
async def remove_from_team(visit: Visiting, slug: str, sent: Sent) -> Response:
    """Remove a person from the team."""
    path = f"/spaces/{slug}/team/{sent.id('person_id')}"
    try:
        await visit.ask.send("catalog", "DELETE", path, sent.key)
    except ServiceRefused as refused:
        return await _show(visit, slug, refused)
    return visit.go(f"/admin/spaces/{slug}/team", "team-changed")


async def _show(
    visit: Visit,
    slug: str,
    refused: ServiceRefused | None = None,
    typed: dict[str, str] | None = None,
) -> HTMLResponse:
    space = await team_space(visit, slug)
    say = visit.texts.say
    return visit.show(
        "team.html",
        space=space,
        team=await visit.ask.get("catalog", f"/spaces/{slug}/team"),
        roles=[(each, f"{say(f'role-{each}')}: {say(f'role-{each}-why')}") for each in ROLES],
        typed=typed or {"role": "collaborator"},
        errors={} if refused is None else refused.errors_by_field(),
        refused=refused,
    )
