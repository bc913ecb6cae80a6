"""`/admin`: the person's spaces, or their first steps."""

import asyncio

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from libs.web.clients import ServiceRefused
from services.admin.visit import Visit, Visiting

router = APIRouter()


@router.get("/admin")
async def show_home(visit: Visiting) -> HTMLResponse:
    """Show the person's spaces, or the steps to the first one."""
    profile, spaces = await asyncio.gather(
        profile_of(visit), visit.ask.get("catalog", "/spaces/mine")
    )
    return visit.show("home.html", profile=profile, spaces=spaces)


async def profile_of(visit: Visit) -> dict[str, object] | None:
    """Return the person's profile, or None."""
    try:
        profile: dict[str, object] = await visit.ask.get("catalog", "/creator-profiles/mine")
    except ServiceRefused as refused:
        if refused.code != "profile_not_found":
            raise
        return None
    return profile
