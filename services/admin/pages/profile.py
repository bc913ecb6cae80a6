"""`/admin/profile`: a creator's public profile."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from libs.web.clients import ServiceRefused
from services.admin.pages.home import profile_of
from services.admin.visit import Sent, Visit, Visiting

router = APIRouter(prefix="/admin/profile")


@router.get("")
async def show_profile(visit: Visiting) -> HTMLResponse:
    """Show the form of the profile."""
    profile = await profile_of(visit)
    return _form(visit, profile, profile or {})


@router.post("")
async def save_profile(visit: Visiting, sent: Sent) -> Response:
    """Create or change the profile."""
    profile = await profile_of(visit)
    text = {"display_name": sent.text("display_name"), "bio": sent.text("bio")}
    try:
        if profile is None:
            body = text | {"username": sent.text("username").strip().lower()}
            await visit.ask.send("catalog", "POST", "/creator-profiles", sent.key, body)
            return visit.go("/admin", "profile-opened")
        await visit.ask.send("catalog", "PUT", "/creator-profiles/mine", sent.key, text)
    except ServiceRefused as refused:
        if not refused.is_about_input:
            raise
        return _form(visit, profile, sent.typed(), refused)
    return visit.go("/admin/profile", "saved")


def _form(
    visit: Visit,
    profile: Mapping[str, Any] | None,
    typed: Mapping[str, Any],
    refused: ServiceRefused | None = None,
) -> HTMLResponse:
    return visit.show(
        "profile.html",
        profile=profile,
        typed=typed,
        errors={} if refused is None else refused.errors_by_field(),
        refused=refused,
    )
