"""Experiences of a space: adding one, and going live."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from libs.permissions import Permission
from libs.web.clients import ServiceRefused
from libs.web.islands import VIDEO_LABELS
from services.admin.pages.spaces import team_space
from services.admin.security import stage_headers
from services.admin.slugs import slug_from
from services.admin.visit import Sent, Visit, Visiting

router = APIRouter(prefix="/admin/spaces/{slug}/experiences")

STAGE_LABELS: Final = (
    *VIDEO_LABELS,
    "go_live",
    "camera_on",
    "camera_off",
    "microphone_on",
    "microphone_off",
)


@router.get("/new")
async def show_new_experience(visit: Visiting, slug: str) -> HTMLResponse:
    """Show the form of a new experience."""
    space = await team_space(visit, slug, Permission.EDIT_EXPERIENCES)
    return _form(visit, space, {"kind": "live"})


@router.post("/new")
async def add_experience(visit: Visiting, slug: str, sent: Sent) -> Response:
    """Add an experience to the space."""
    body = {
        "name": sent.text("name"),
        "slug": sent.text("slug").strip() or slug_from(sent.text("name"), sent.key),
        "kind": sent.text("kind"),
    }
    try:
        await visit.ask.send("catalog", "POST", f"/spaces/{slug}/experiences", sent.key, body)
    except ServiceRefused as refused:
        if not refused.is_about_input:
            raise
        space = await team_space(visit, slug)
        return _form(visit, space, sent.typed() | {"slug": body["slug"]}, refused)
    return visit.go(f"/admin/spaces/{slug}", "experience-added")


@router.get("/{experience}")
async def show_experience(visit: Visiting, slug: str, experience: str) -> HTMLResponse:
    """Show an experience; while it is on air, with the host's camera."""
    return await _stage(visit, slug, experience)


@router.post("/{experience}/go-live")
async def go_live(visit: Visiting, slug: str, experience: str, sent: Sent) -> Response:
    """Open a stream for the experience."""
    path = f"/experiences/{sent.id('experience_id')}/streams"
    try:
        await visit.ask.send("streaming", "POST", path, sent.key)
    except ServiceRefused as refused:
        return await _stage(visit, slug, experience, refused)
    return visit.go(f"/admin/spaces/{slug}/experiences/{experience}")


@router.post("/{experience}/end")
async def end_stream(visit: Visiting, slug: str, experience: str, sent: Sent) -> Response:
    """End the stream."""
    path = f"/streams/{sent.id('stream_id')}/end"
    try:
        await visit.ask.send("streaming", "POST", path, sent.key)
    except ServiceRefused as refused:
        return await _stage(visit, slug, experience, refused)
    return visit.go(f"/admin/spaces/{slug}/experiences/{experience}", "stream-ended")


async def _stage(
    visit: Visit, slug: str, experience: str, refused: ServiceRefused | None = None
) -> HTMLResponse:
    space = await team_space(visit, slug)
    found = next((each for each in space["experiences"] if each["slug"] == experience), None)
    if found is None:
        raise ServiceRefused(404, "experience_not_found")
    stream, video = None, None
    if found["kind"] == "live":
        stream, video = await asyncio.gather(
            visit.ask.find(
                "streaming", f"/experiences/{found['experience_id']}/stream", waits=True
            ),
            visit.ask.find("streaming", "/video-server", waits=True),
        )
    return visit.show(
        "experience.html",
        headers=stage_headers(visit.edge.policy),
        space=space,
        experience=found,
        stream=stream,
        video=video,
        labels=visit.texts.labels("watch", STAGE_LABELS),
        refused=refused,
    )


def _form(
    visit: Visit,
    space: Mapping[str, Any],
    typed: Mapping[str, Any],
    refused: ServiceRefused | None = None,
) -> HTMLResponse:
    return visit.show(
        "experience_form.html",
        space=space,
        typed=typed,
        errors={} if refused is None else refused.errors_by_field(),
        refused=refused,
    )
