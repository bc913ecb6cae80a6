"""A pass for its team: preview, publish checklist, publishing, archiving."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from libs.web.clients import ServiceRefused
from services.admin.pages.spaces import team_space
from services.admin.visit import Sent, Visit, Visiting

router = APIRouter(prefix="/admin/spaces/{slug}/passes")


@router.get("/{pass_slug}")
async def show_pass(visit: Visiting, slug: str, pass_slug: str) -> HTMLResponse:
    """Show the preview of a pass and its publish checklist."""
    return await _show(visit, slug, pass_slug)


@router.post("/{pass_slug}/publish")
async def publish_pass(visit: Visiting, slug: str, pass_slug: str, sent: Sent) -> Response:
    """Publish the draft that the page showed as the next version."""
    version = sent.text("expected_version")
    body = {"expected_version": int(version) if version.isdecimal() else 0}
    path = f"/spaces/{slug}/passes/{pass_slug}"
    try:
        await visit.ask.send("catalog", "POST", f"{path}/publish", sent.key, body)
    except ServiceRefused as refused:
        return await _show(visit, slug, pass_slug, refused)
    return visit.go(f"/admin{path}", "pass-published")


@router.post("/{pass_slug}/archive")
async def archive_pass(visit: Visiting, slug: str, pass_slug: str, sent: Sent) -> Response:
    """Archive the pass."""
    path = f"/spaces/{slug}/passes/{pass_slug}"
    try:
        await visit.ask.send("catalog", "POST", f"{path}/archive", sent.key)
    except ServiceRefused as refused:
        return await _show(visit, slug, pass_slug, refused)
    return visit.go(f"/admin{path}", "pass-archived")


async def team_pass(visit: Visit, slug: str, pass_slug: str) -> dict[str, Any]:
    """Return a pass with its draft. Raises ServiceRefused for people outside of the team."""
    found: dict[str, Any] = await visit.ask.get("catalog", f"/spaces/{slug}/passes/{pass_slug}")
    if found["draft"] is None:
        raise ServiceRefused(403, "not_on_team")
    return found


async def _show(
    visit: Visit, slug: str, pass_slug: str, refused: ServiceRefused | None = None
) -> HTMLResponse:
    space = await team_space(visit, slug)
    found = await team_pass(visit, slug, pass_slug)
    sale = await visit.ask.find("checkout", f"/passes/{found['pass_id']}/sale")
    return visit.show(
        "pass.html",
        space=space,
        found=found,
        sale=sale,
        names={each["experience_id"]: each["name"] for each in space["experiences"]},
        refused=refused,
    )
