"""`/admin/spaces`: creating, describing and publishing a space, and its overview."""

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from libs.money import EXPONENTS
from libs.permissions import Permission, may
from libs.web.clients import ServiceRefused
from services.admin import moments
from services.admin.slugs import slug_from
from services.admin.visit import Sent, Visit, Visiting

router = APIRouter(prefix="/admin/spaces")


@router.get("/new")
async def show_new_space(visit: Visiting) -> HTMLResponse:
    """Show the form of a new space."""
    usual = {"currency": "EUR", "time_zone": "UTC", "visibility": "public"}
    return _form(visit, None, usual)


@router.post("/new")
async def create_space(visit: Visiting, sent: Sent) -> Response:
    """Create a space as a draft."""
    body = _details(sent.typed()) | {
        "slug": sent.text("slug").strip() or slug_from(sent.text("name"), sent.key),
        "currency": sent.text("currency"),
    }
    try:
        made = await visit.ask.send("catalog", "POST", "/spaces", sent.key, body)
    except ServiceRefused as refused:
        if not refused.is_about_input:
            raise
        return _form(visit, None, sent.typed() | {"slug": body["slug"]}, refused)
    return visit.go(f"/admin/spaces/{made['slug']}", "space-created")


@router.get("/{slug}")
async def show_space(visit: Visiting, slug: str) -> HTMLResponse:
    """Show a space with its experiences, passes and numbers."""
    return await overview(visit, slug)


@router.post("/{slug}/publish")
async def publish_space(visit: Visiting, slug: str, sent: Sent) -> Response:
    """Publish the space."""
    try:
        await visit.ask.send("catalog", "POST", f"/spaces/{slug}/publish", sent.key)
    except ServiceRefused as refused:
        return await overview(visit, slug, refused)
    return visit.go(f"/admin/spaces/{slug}", "space-published")


@router.get("/{slug}/edit")
async def show_edit(visit: Visiting, slug: str) -> HTMLResponse:
    """Show the form of a space's details."""
    space = await team_space(visit, slug, Permission.EDIT_SPACE)
    return _form(visit, space, space | {"expected_version": str(space["version"])})


@router.post("/{slug}/edit")
async def change_space(visit: Visiting, slug: str, sent: Sent) -> Response:
    """Change a space's details; a concurrent change is shown before it is overwritten."""
    typed = sent.typed()
    version = typed.get("expected_version", "")
    body = _details(typed) | {"expected_version": int(version) if version.isdecimal() else 0}
    try:
        await visit.ask.send("catalog", "PUT", f"/spaces/{slug}", sent.key, body)
    except ServiceRefused as refused:
        if not refused.is_about_input:
            raise
        space = await team_space(visit, slug)
        theirs = {}
        if refused.code == "changed_meanwhile":
            theirs = _differences(typed, space)
            typed = typed | {"expected_version": str(space["version"])}
        return _form(visit, space, typed, refused, theirs)
    return visit.go(f"/admin/spaces/{slug}", "saved")


async def team_space(
    visit: Visit, slug: str, permission: Permission | None = None
) -> dict[str, Any]:
    """Return a space as its team sees it.

    Raises ServiceRefused for people outside of the team, or without the permission.
    """
    space: dict[str, Any] = await visit.ask.get("catalog", f"/spaces/{slug}")
    if space["role"] is None:
        raise ServiceRefused(403, "not_on_team")
    if permission is not None and not may(space["role"], permission):
        raise ServiceRefused(403, "role_not_allowed")
    return space


async def overview(visit: Visit, slug: str, refused: ServiceRefused | None = None) -> HTMLResponse:
    """Return the overview of a space, with the sentence of a refusal."""
    space = await team_space(visit, slug)
    space_id = space["space_id"]
    numbers = None
    if may(space["role"], Permission.SEE_NUMBERS):
        numbers = await visit.ask.find("checkout", f"/spaces/{space_id}/numbers")
    live = [each for each in space["experiences"] if each["kind"] == "live"]
    streams = await asyncio.gather(
        *(
            visit.ask.find("streaming", f"/experiences/{each['experience_id']}/stream")
            for each in live
        )
    )
    on_air = {
        each["experience_id"]
        for each, stream in zip(live, streams, strict=True)
        if stream is not None and stream["state"] in {"live", "back_soon"}
    }
    return visit.show(
        "space.html",
        space=space,
        numbers=numbers,
        stock={each["pass_id"]: each for each in (numbers or {}).get("passes", [])},
        on_air=on_air,
        refused=refused,
    )


def _details(typed: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: typed.get(name, "") for name in ("name", "description", "time_zone", "visibility")
    }


def _differences(typed: Mapping[str, Any], space: Mapping[str, Any]) -> dict[str, str]:
    ours = _details(typed)
    return {name: str(space[name]) for name, value in ours.items() if value.strip() != space[name]}


def _form(
    visit: Visit,
    space: Mapping[str, Any] | None,
    typed: Mapping[str, Any],
    refused: ServiceRefused | None = None,
    theirs: Mapping[str, str] | None = None,
) -> HTMLResponse:
    zones = moments.zones()
    chosen = typed.get("time_zone", "")
    if chosen and chosen not in zones:
        zones.append(chosen)
    return visit.show(
        "space_form.html",
        space=space,
        typed=typed,
        theirs=theirs or {},
        currencies=[(code, code) for code in sorted(EXPONENTS)],
        zones=[(zone, zone.replace("_", " ")) for zone in zones],
        errors={} if refused is None else refused.errors_by_field(),
        refused=refused,
    )
